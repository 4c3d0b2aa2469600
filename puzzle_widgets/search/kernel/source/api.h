/* What a host calls.

   It asks for a problem of some size, which gives a table of addresses; writes the problem's arrays
   there, and what it wants into the control numbers; begins a task, and steps it until it is done.
   Then it reads the answer. Jobs are many tasks on one problem, each with scores, limits or a
   forced variant of its own. Calls that are frequent take no arguments: some hosts are slow at
   passing them. */

enum {
    AT_START, AT_SCORE, AT_COST, AT_LOWER, AT_UPPER, AT_ALLOWED, AT_TIES, AT_PRICES, AT_WARM,
    AT_CHOICE, AT_ANSWER, AT_CONTROL, AT_JOB_SCORES, AT_JOB_LOWER, AT_JOB_UPPER, AT_JOB_FORCED, AT_JOB_ANSWERS,
    AT_JOB_CHOICES, AT_JOB_PRICES, PLACES
};
enum {
    ANSWER_STATUS, ANSWER_SCORE, ANSWER_BOUND, ANSWER_TIES, ANSWER_NEWS, ANSWER_STATES,
    ANSWER_NODES, ANSWER_WORK, ANSWERS
};
enum { WANT_WORK, WANT_GAP, WANT_STATES, WANT_FLAGS, WANT_JOBS, WANT_KINDS, WANTS };
enum { WARM_PRICES = 1, WARM_CHOICE = 2, SETTLE_ONLY = 4, WITH_TIES = 8 };
enum { JOB_SCORES = 1, JOB_LIMITS = 2, JOB_FORCED = 4 };

static Problem problem;
static Task task;
static i32 levels, jobs, job, job_kinds, job_open;
static usize places[PLACES];
static Mark after_problem, after_jobs;
static Options job_options;

#define PLACE(what, type, count) places[what] = (usize)TAKE(type, count)
#define AT(what, type) ((type *)places[what])

EXPORT(problem_new) usize problem_new(i32 layers, i32 variants, i32 rows, i32 ties) {
    usize n = (usize)variants, m = (usize)rows;
    release(0);
    levels = ties;
    jobs = 0;
    PLACE(AT_START, i32, layers + 1);
    PLACE(AT_SCORE, f64, n);
    PLACE(AT_COST, f64, (u64)m * n);
    PLACE(AT_LOWER, f64, m);
    PLACE(AT_UPPER, f64, m);
    PLACE(AT_ALLOWED, u8, n);
    PLACE(AT_TIES, f64, (u64)ties * n);
    PLACE(AT_PRICES, f64, m);
    PLACE(AT_WARM, i32, layers);
    PLACE(AT_CHOICE, i32, layers);
    PLACE(AT_ANSWER, f64, ANSWERS);
    PLACE(AT_CONTROL, f64, WANTS);
    problem = (Problem){
        layers, variants, rows, AT(AT_START, i32), AT(AT_SCORE, f64), AT(AT_COST, f64),
        AT(AT_LOWER, f64), AT(AT_UPPER, f64), AT(AT_ALLOWED, u8)};
    after_problem = mark();
    return (usize)places;
}

static i64 wanted(i32 what) { return (i64)AT(AT_CONTROL, f64)[what]; }

static Options options_of(i32 flags) {
    Options options = {
        .gap = AT(AT_CONTROL, f64)[WANT_GAP], .cap = (i32)wanted(WANT_STATES),
        .branch = 1};
    if (flags & WARM_PRICES) options.prices = AT(AT_PRICES, f64);
    if (flags & WARM_CHOICE) options.choice = AT(AT_WARM, i32);
    return options;
}

static void answer_out(const Task *from, f64 *answer, i32 *choice, f64 *prices) {
    const Search *search = &from->search;
    int done = from->phase == TASK_DONE;
    int looking = from->phase == TASK_SEARCH && from->status == RUNNING;
    const i32 *best = looking ? search->best : from->choice;
    answer[ANSWER_STATUS] = done || !looking ? from->status : RUNNING;
    answer[ANSWER_SCORE] = looking ? search->score : from->score;
    answer[ANSWER_BOUND] = looking ? bound_of(search) : from->bound;
    answer[ANSWER_TIES] = from->ties_known;
    answer[ANSWER_NEWS] = search->news;
    answer[ANSWER_STATES] = from->states;
    answer[ANSWER_NODES] = (f64)(from->nodes + (looking ? search->tree.done : 0));
    answer[ANSWER_WORK] = (f64)from->work;
    if (best[0] != NONE) {
        if (from->ties_known == TIES_SETTLED || from->phase == TASK_TIES)
            answer[ANSWER_SCORE] = score_of(from->problem, best);
        memcpy(choice, best, sizeof(i32) * (usize)from->problem->layers);
    } else choice[0] = NONE;
    if (looking && search->phase > PHASE_BEGIN) prices_out(search, prices, from->problem->rows);
    else memcpy(prices, from->prices, sizeof(f64) * (usize)from->problem->rows);
}

/* Work on; 1 when the task is done. The answer so far is in its places. */
EXPORT(task_run) i32 task_run(void) {
    int done = task_step(&task, wanted(WANT_WORK));
    answer_out(&task, AT(AT_ANSWER, f64), AT(AT_CHOICE, i32), AT(AT_PRICES, f64));
    return done;
}

/* Begin, and run as `task_run` does. */
EXPORT(task_new) i32 task_new(void) {
    i32 flags = (i32)wanted(WANT_FLAGS);
    Options options = options_of(flags);
    const f64 *ties = flags & WITH_TIES ? AT(AT_TIES, f64) : 0;
    release(after_problem);
    task_begin(&task, &problem, ties, ties ? levels : 0, &options);
    if (flags & SETTLE_ONLY) task_settle(&task, AT(AT_WARM, i32));
    return task_run();
}

/* Place for some jobs on the problem that is there. */
EXPORT(jobs_new) usize jobs_new(void) {
    usize n = (usize)problem.variants, m = (usize)problem.rows, k = (usize)wanted(WANT_JOBS);
    i32 kinds = (i32)wanted(WANT_KINDS), flags = (i32)wanted(WANT_FLAGS);
    release(after_problem);
    jobs = (i32)k;
    job = job_open = 0;
    job_kinds = kinds;
    PLACE(AT_JOB_SCORES, f64, kinds & JOB_SCORES ? k * n : 0);
    PLACE(AT_JOB_LOWER, f64, kinds & JOB_LIMITS ? k * m : 0);
    PLACE(AT_JOB_UPPER, f64, kinds & JOB_LIMITS ? k * m : 0);
    PLACE(AT_JOB_FORCED, i32, kinds & JOB_FORCED ? k : 0);
    PLACE(AT_JOB_ANSWERS, f64, k * ANSWERS);
    PLACE(AT_JOB_CHOICES, i32, k * (usize)problem.layers);
    PLACE(AT_JOB_PRICES, f64, k * m);
    job_options = options_of(flags);
    after_jobs = mark();
    return (usize)places;
}

/* The problem with a job's own numbers. */
static void job_begin(void) {
    static Problem own; /* the task points to it */
    usize n = (usize)problem.variants, m = (usize)problem.rows, k = (usize)job;
    release(after_jobs);
    own = problem;
    if (job_kinds & JOB_SCORES) own.score = AT(AT_JOB_SCORES, f64) + k * n;
    if (job_kinds & JOB_LIMITS) {
        own.lower = AT(AT_JOB_LOWER, f64) + k * m;
        own.upper = AT(AT_JOB_UPPER, f64) + k * m;
    }
    if (job_kinds & JOB_FORCED) {
        i32 forced = AT(AT_JOB_FORCED, i32)[k];
        own.allowed = TAKE(u8, n);
        memcpy(own.allowed, problem.allowed, n);
        for (i32 i = 0; i < problem.layers; i++)
            if (problem.start[i] <= forced && forced < problem.start[i + 1])
                for (i32 v = problem.start[i]; v < problem.start[i + 1]; v++)
                    own.allowed[v] &= v == forced;
    }
    task_begin(&task, &own, 0, 0, &job_options);
    job_open = 1;
}

/* Work on; how many jobs are done. Those that are have their answers in their places. */
EXPORT(jobs_run) i32 jobs_run(void) {
    i64 left = wanted(WANT_WORK);
    while (job < jobs && left > 0) {
        if (!job_open) job_begin();
        i64 before = task.work;
        int done = task_step(&task, left);
        left -= task.work - before + 1;
        if (!done) continue;
        answer_out(
            &task, AT(AT_JOB_ANSWERS, f64) + (usize)job * ANSWERS,
            AT(AT_JOB_CHOICES, i32) + (usize)job * (usize)problem.layers,
            AT(AT_JOB_PRICES, f64) + (usize)job * (usize)problem.rows);
        job++;
        job_open = 0;
    }
    return job;
}

/* Bytes in use, for tests. */
EXPORT(memory_in_use) usize memory_in_use(void) { return memory_now(); }
