/* Step 7: one whole task: the optimum, in all its digits, and which of the equal ones it is.

   Of optima of equal score each sum of the ties is made least in turn by a search of its own, among
   the choices that are equal in the score and in the sums before; then the first variant that any
   choice left can have is taken, layer by layer. */

#define EQUAL 1e-11
#define TOLERANCE 1e-12
#define NARROW 1e-3
#define TIE_STATES 30000
#define LOOK_STATES 2000

enum { TIES_NONE, TIES_SETTLED, TIES_UNPROVEN };
enum { TASK_SEARCH, TASK_BOUND, TASK_LOOK, TASK_TIES, TASK_DONE };

typedef struct {
    const Problem *problem;
    const f64 *ties;      /* levels x variants */
    i32 levels, level;
    Options options;
    i32 phase, status, ties_known;
    Problem now;          /* what is being searched */
    Search search;
    i32 *choice;          /* layers; choice[0] is NONE without one */
    u8 *open;             /* variants that a choice of equal score can have */
    f64 *prices;          /* rows */
    f64 score, bound, equal;
    i32 states;
    i64 nodes, work;
    Mark scratch;
} Task;

static void restart(Task *task, const Options *options) {
    release(task->scratch);
    search_begin(&task->search, &task->now, options);
}

static void prices_out(const Search *search, f64 *prices, i32 rows) {
    for (i32 q = 0; q < rows; q++) prices[q] = 0.0;
    const Form *form = &search->form;
    for (i32 r = 0; r < form->rows; r++)
        prices[form->row[r]] +=
            form->sign[r] * search->bound.multipliers[r] * form->unit / form->scale[r];
}

/* What a choice as good as the one proven can have. */
static void open_out(const Search *search, u8 *open) {
    const Problem *problem = search->problem;
    const Form *form = &search->form;
    memset(open, 0, (usize)problem->variants);
    for (i32 i = 0; i < problem->layers; i++) open[search->best[i]] = 1;
    if (!search->tied) return;
    Mark begin = mark();
    f64 *reduced = TAKE(f64, form->variants);
    reduce(form, &search->bound, reduced);
    for (i32 v = 0; v < form->variants; v++)
        if (reduced[v] <= search->tied_excess + search->rounding) open[form->flat[v]] = 1;
    release(begin);
}

/* Scores above the least of their layer, 0 where banned; the sum of the leasts. */
static f64 above_least(const Problem *problem, f64 *above) {
    Sum sum = {.count = 0};
    for (i32 i = 0; i < problem->layers; i++) {
        f64 least = INF;
        for (i32 v = problem->start[i]; v < problem->start[i + 1]; v++)
            if (problem->allowed[v]) least = least_of(least, problem->score[v]);
        sum_add(&sum, least);
        for (i32 v = problem->start[i]; v < problem->start[i + 1]; v++)
            above[v] = problem->allowed[v] ? problem->score[v] - least : 0.0;
    }
    return sum_value(&sum);
}

static f64 largest_above(const Problem *problem, f64 *above) {
    f64 largest = 0.0;
    above_least(problem, above);
    for (i32 v = 0; v < problem->variants; v++) largest = most_of(largest, above[v]);
    return largest;
}

/* Ban what no choice can have that scores like the one known, or a little better. 0 where that
   leaves scores of like magnitude, so that nothing is gained. */
static int narrow_scores(Task *task, f64 score, f64 resolution) {
    Problem *now = &task->now, band = *now;
    f64 limits[2] = {score - 2 * resolution, score + resolution};
    Mark begin = mark();
    f64 *above = TAKE(f64, now->variants);
    Rows rows;
    band.rows = 1;
    band.cost = now->score;
    band.lower = limits;
    band.upper = limits + 1;
    int narrower = 0;
    if (tighten(&band, &rows)) {
        f64 before = largest_above(now, above);
        band.allowed = rows.allowed;
        f64 after = largest_above(&band, above);
        if (after != 0.0 && after <= NARROW * before) {
            memcpy(now->allowed, rows.allowed, (usize)now->variants);
            narrower = 1;
        }
    }
    release(begin);
    return narrower;
}

static int differs(const Problem *problem, const f64 *level) {
    for (i32 i = 0; i < problem->layers; i++) {
        f64 low = INF, high = -INF;
        for (i32 v = problem->start[i]; v < problem->start[i + 1]; v++)
            if (problem->allowed[v]) {
                low = least_of(low, level[v]);
                high = most_of(high, level[v]);
            }
        if (high > low) return 1;
    }
    return 0;
}

/* Turn the sum made least so far into a row, and the next one into the score. */
static void hold(Task *task, const f64 *level) {
    Problem *now = &task->now;
    i32 n = now->variants, row = now->rows++;
    f64 *above = now->cost + (usize)row * (usize)n;
    f64 total = score_of(now, task->choice), equal = task->equal;
    above_least(now, above);
    if (equal < 0.0) equal = TOLERANCE * size_of(total);
    Sum sum = {.count = 0};
    for (i32 i = 0; i < now->layers; i++) sum_add(&sum, above[task->choice[i]]);
    f64 held = sum_value(&sum);
    now->lower[row] = -INF;
    now->upper[row] = held + equal + EPSILON * held; /* the sum itself was rounded once */
    memcpy(now->score, level, sizeof(f64) * (usize)n);
    task->equal = -1.0;
}

static void next_tie(Task *task) {
    Options options = {.cap = TIE_STATES, .choice = task->choice};
    while (task->level < task->levels) {
        const f64 *level = task->ties + (usize)task->level++ * (usize)task->problem->variants;
        if (!differs(&task->now, level)) continue;
        hold(task, level);
        restart(task, &options);
        return;
    }
    task->level++;
    if (first_by_sums(&task->now, task->choice)) {
        task->ties_known = TIES_SETTLED;
        task->phase = TASK_DONE;
        return;
    }
    options.lexicographic = options.look = 1;
    restart(task, &options);
}

static int is_alone(const Task *task) {
    i32 open = 0;
    for (i32 v = 0; v < task->problem->variants; v++) open += task->open[v];
    return open == task->problem->layers;
}

static void begin_ties(Task *task) {
    i32 n = task->problem->variants;
    Problem *now = &task->now;
    const Problem *problem = task->problem;
    memcpy(now->allowed, task->open, (usize)n);
    memcpy(now->score, problem->score, sizeof(f64) * (usize)n);
    release(task->scratch);
    f64 *above = TAKE(f64, n);
    i32 tenth, last;
    above_least(now, above);
    task->equal = EQUAL * typical_of(above, now->allowed, n, &tenth, &last);
    task->phase = TASK_TIES;
    task->level = 0;
    next_tie(task);
}

/* Before ties are settled: whether there are any. */
static void begin_look(Task *task) {
    if (is_alone(task)) {
        task->ties_known = TIES_NONE;
        task->phase = TASK_DONE;
        return;
    }
    Options options = {
        .cap = LOOK_STATES, .choice = task->choice, .look = 1, .ties = task->ties,
        .levels = task->levels};
    memcpy(task->now.allowed, task->open, (usize)task->problem->variants);
    task->phase = TASK_LOOK;
    restart(task, &options);
}

static void after_look(Task *task) {
    const Search *search = &task->search;
    if (search->status == OPTIMAL) open_out(search, task->open);
    if (search->status == OPTIMAL && search->exchanges) {
        /* Layers that are alike have their variants by rising place: no other is preferred. */
        memcpy(task->choice, search->best, sizeof(i32) * (usize)task->problem->layers);
        task->ties_known = TIES_SETTLED;
        task->phase = TASK_DONE;
    } else if (is_alone(task)) {
        task->ties_known = TIES_NONE;
        task->phase = TASK_DONE;
    } else begin_ties(task);
}

static void after_tie(Task *task) {
    Search *search = &task->search;
    if (search->best[0] != NONE)
        memcpy(task->choice, search->best, sizeof(i32) * (usize)task->problem->layers);
    if (search->status != OPTIMAL) {
        task->phase = TASK_DONE;
        return;
    }
    if (task->level > task->levels) {
        task->ties_known = TIES_SETTLED;
        task->phase = TASK_DONE;
        return;
    }
    if (search->resolution > 0.0 && narrow_scores(task, search->score, search->resolution)) {
        Options options = search->options; /* a closer look at the same sum */
        restart(task, &options);
        return;
    }
    open_out(search, task->now.allowed);
    next_tie(task);
}

static void take_answer(Task *task) {
    Search *search = &task->search;
    task->status = search->status;
    task->score = search->score;
    task->bound = search->status == INFEASIBLE ? INF : bound_of(search);
    if (search->best[0] == NONE) return;
    memcpy(task->choice, search->best, sizeof(i32) * (usize)task->problem->layers);
    if (search->status == OPTIMAL) {
        task->bound = task->score;
        open_out(search, task->open);
    }
}

static void after_search(Task *task) {
    Search *search = &task->search;
    f64 resolution = search->resolution;
    int again = task->status == OPTIMAL; /* this was a closer look at an optimum */
    if (!again && search->status != INFEASIBLE) prices_out(search, task->prices, task->problem->rows);
    if (again && search->status != OPTIMAL) {
        task->status = FEASIBLE;
        task->bound = task->score - 2 * task->equal;
        task->phase = TASK_DONE;
        return;
    }
    take_answer(task);
    task->phase = TASK_DONE;
    if (task->status != OPTIMAL) return;
    if (resolution > 0.0 && narrow_scores(task, task->score, resolution)) {
        Options options = task->options;
        options.prices = 0;
        options.choice = 0;
        task->equal = resolution;
        task->phase = TASK_SEARCH;
        restart(task, &options);
        return;
    }
    if (task->ties) begin_look(task);
}

/* A copy of a problem with place for the sums that are held. */
static void copy_problem(const Problem *problem, i32 more, Problem *to) {
    usize n = (usize)problem->variants, rows = (usize)problem->rows;
    *to = *problem;
    to->score = TAKE(f64, n);
    to->cost = TAKE(f64, (rows + (usize)more) * n);
    to->lower = TAKE(f64, rows + (usize)more);
    to->upper = TAKE(f64, rows + (usize)more);
    to->allowed = TAKE(u8, n);
    memcpy(to->score, problem->score, sizeof(f64) * n);
    memcpy(to->cost, problem->cost, sizeof(f64) * rows * n);
    memcpy(to->lower, problem->lower, sizeof(f64) * rows);
    memcpy(to->upper, problem->upper, sizeof(f64) * rows);
    memcpy(to->allowed, problem->allowed, n);
}

static void task_begin(
    Task *task, const Problem *problem, const f64 *ties, i32 levels, const Options *options
) {
    *task = (Task){
        .problem = problem, .ties = ties, .levels = levels, .options = *options,
        .ties_known = TIES_UNPROVEN, .score = INF, .bound = -INF};
    task->choice = TAKE(i32, problem->layers);
    task->open = TAKE(u8, problem->variants);
    task->prices = TAKE(f64, problem->rows);
    task->choice[0] = NONE;
    for (i32 q = 0; q < problem->rows; q++) task->prices[q] = 0.0;
    copy_problem(problem, levels + 1, &task->now);
    task->scratch = mark();
    search_begin(&task->search, &task->now, options);
}

/* Settle the ties of an optimum that is known: only what the bound leaves open is looked at. */
static void task_settle(Task *task, const i32 *choice) {
    Search *search = &task->search;
    search->options.choice = choice;
    task->status = OPTIMAL;
    task->score = task->bound = score_of(task->problem, choice);
    memcpy(task->choice, choice, sizeof(i32) * (usize)task->problem->layers);
    memset(task->open, 1, (usize)task->problem->variants);
    if (!form_of(&task->now, &search->form)) {
        begin_look(task);
        return;
    }
    search->bound = new_bound(&search->form);
    begin_climb(search, 0, FINE, FINE_CALLS, PHASE_FINE);
    task->phase = TASK_BOUND;
}

/* The bound of an optimum that is known leaves open what another one can have. */
static void after_bound(Task *task) {
    Search *search = &task->search;
    search->rounding = rounding_of(&search->form, &search->bound);
    memcpy(search->best, task->choice, sizeof(i32) * (usize)task->problem->layers);
    search->tied = 1;
    search->total = total_of(&search->form, task->choice);
    search->tied_excess = known_excess(search);
    open_out(search, task->open);
    begin_look(task);
}

/* Some of the present search; 1 when it is done. */
static int run_search(Task *task, i64 work) {
    Search *search = &task->search;
    if (task->phase != TASK_BOUND) return search_step(search, work);
    i64 before = search->climb.work;
    int done = climb_step(&search->climb, before + work);
    search->work += search->climb.work - before;
    return done;
}

/* 1 when the task is done. */
static int task_step(Task *task, i64 work) {
    while (task->phase != TASK_DONE && work > 0) {
        i64 before = task->search.work;
        int done = run_search(task, work);
        work -= task->search.work - before + 1;
        task->work += task->search.work - before;
        if (!done) continue;
        if (task->phase == TASK_SEARCH) {
            task->states = more_of(task->states, task->search.states);
            task->nodes += task->search.tree.done;
            after_search(task);
        } else if (task->phase == TASK_BOUND) after_bound(task);
        else if (task->phase == TASK_LOOK) after_look(task);
        else after_tie(task);
    }
    return task->phase == TASK_DONE;
}
