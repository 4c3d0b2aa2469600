/* What a host calls.

   It writes a problem's sizes and asks for place, which gives a table of addresses; writes the
   problem's arrays there, and what it wants into the control numbers; begins a task, and steps it
   until it is done. Then it reads the answer. Jobs are many tasks on one problem, each with scores,
   limits or a forced variant of its own. No call takes arguments: some hosts are slow at passing
   them. */

enum {
    AT_START, AT_SCORE, AT_COST, AT_LOWER, AT_UPPER, AT_ALLOWED, AT_TIES, AT_PRICES, AT_WARM,
    AT_CHOICE, AT_ANSWER, AT_CONTROL, AT_JOB_SCORES, AT_JOB_LOWER, AT_JOB_UPPER, AT_JOB_FORCED,
    AT_JOB_WEIGHTS, AT_JOB_ANSWERS, AT_JOB_CHOICES, AT_JOB_PRICES, PLACES
};
enum { SIZE_LAYERS, SIZE_VARIANTS, SIZE_ROWS, SIZE_TIES, SIZES };
enum {
    ANSWER_STATUS, ANSWER_SCORE, ANSWER_BOUND, ANSWER_TIES, ANSWER_NEWS, ANSWER_STATES,
    ANSWER_NODES, ANSWER_WORK, ANSWERS
};
enum { WANT_WORK, WANT_GAP, WANT_STATES, WANT_FLAGS, WANT_JOBS, WANT_KINDS, WANT_LEVEL, WANTS };
enum { WARM_PRICES = 1, WARM_CHOICE = 2, SETTLE_ONLY = 4, WITH_TIES = 8 };
enum { JOB_SCORES = 1, JOB_LIMITS = 2, JOB_FORCED = 4, JOB_WEIGHTS = 8, JOB_WARM = 16 };

static Problem problem;
static Task task;
static i32 levels, jobs, job, job_kinds, job_flags, job_level, job_open;
static i32 sizes[SIZES];
static usize places[PLACES];
static Mark after_problem, after_jobs;
static Options job_options;

#define PLACE(what, type, count) places[what] = (usize)TAKE(type, count)
#define AT(what, type) ((type *)places[what])

/* Where a host writes the sizes of the problem that it then asks place for. */
EXPORT(sizes_at) usize sizes_at(void) { return (usize)sizes; }

EXPORT(problem_new) usize problem_new(void) {
    i32 layers = sizes[SIZE_LAYERS], variants = sizes[SIZE_VARIANTS];
    i32 rows = sizes[SIZE_ROWS], ties = sizes[SIZE_TIES];
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
    i32 kinds = (i32)wanted(WANT_KINDS);
    release(after_problem);
    jobs = (i32)k;
    job = job_open = 0;
    job_kinds = kinds;
    job_flags = (i32)wanted(WANT_FLAGS);
    job_level = (i32)wanted(WANT_LEVEL);
    PLACE(AT_JOB_SCORES, f64, kinds & JOB_SCORES ? k * n : 0);
    PLACE(AT_JOB_LOWER, f64, kinds & JOB_LIMITS ? k * m : 0);
    PLACE(AT_JOB_UPPER, f64, kinds & JOB_LIMITS ? k * m : 0);
    PLACE(AT_JOB_FORCED, i32, kinds & JOB_FORCED ? k : 0);
    PLACE(AT_JOB_WEIGHTS, f64, kinds & JOB_WEIGHTS ? k * m : 0);
    PLACE(AT_JOB_ANSWERS, f64, k * ANSWERS);
    PLACE(AT_JOB_CHOICES, i32, k * (usize)problem.layers);
    PLACE(AT_JOB_PRICES, f64, k * m);
    job_options = options_of(job_flags);
    after_jobs = mark();
    return (usize)places;
}

/* A job's own level of the ties: what it weighs the rows' costs by, summed. */
static void job_weigh(void) {
    usize n = (usize)problem.variants, m = (usize)problem.rows;
    f64 *level = AT(AT_TIES, f64) + (usize)job_level * n;
    const f64 *weight = AT(AT_JOB_WEIGHTS, f64) + (usize)job * m;
    for (usize v = 0; v < n; v++) level[v] = 0.0;
    for (usize r = 0; r < m; r++)
        for (usize v = 0; v < n; v++) level[v] += weight[r] * problem.cost[r * n + v];
}

/* What a job begins with: its answer's place holds the host's guess. */
static Options job_start(void) {
    Options options = job_options;
    if (!(job_kinds & JOB_WARM)) return options;
    const i32 *guess = AT(AT_JOB_CHOICES, i32) + (usize)job * (usize)problem.layers;
    options.prices = AT(AT_JOB_PRICES, f64) + (usize)job * (usize)problem.rows;
    options.choice = guess[0] == NONE ? 0 : guess;
    return options;
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
    if (job_kinds & JOB_WEIGHTS) job_weigh();
    int with_ties = job_flags & WITH_TIES;
    Options options = job_start();
    task_begin(&task, &own, with_ties ? AT(AT_TIES, f64) : 0, with_ties ? levels : 0, &options);
    job_open = 1;
}

/* Leave the job under way, with the answer that there is. */
static void job_end(void) {
    answer_out(
        &task, AT(AT_JOB_ANSWERS, f64) + (usize)job * ANSWERS,
        AT(AT_JOB_CHOICES, i32) + (usize)job * (usize)problem.layers,
        AT(AT_JOB_PRICES, f64) + (usize)job * (usize)problem.rows);
    job++;
    job_open = 0;
}

/* The same where a host has no more time for it; how many jobs are done. */
EXPORT(job_leave) i32 job_leave(void) {
    if (job_open) job_end();
    return job;
}

/* Work on; how many jobs are done. Those that are have their answers in their places. */
EXPORT(jobs_run) i32 jobs_run(void) {
    i64 left = wanted(WANT_WORK);
    while (job < jobs && left > 0) {
        if (!job_open) job_begin();
        i64 before = task.work;
        int done = task_step(&task, left);
        left -= task.work - before + 1;
        if (done) job_end();
    }
    return job;
}

/* Bytes in use, for tests. */
EXPORT(memory_in_use) usize memory_in_use(void) { return memory_now(); }
