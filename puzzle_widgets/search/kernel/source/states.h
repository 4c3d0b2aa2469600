/* The states of the dynamic program: what is known of a choice for the units so far, stage by
   stage from either side, and where each came from. */

enum { PLAIN, LEXICOGRAPHIC, WHOLE, BEAM };

typedef struct {
    i32 count, most;
    f64 *use;             /* states x rows */
    f64 *reduced;
    i32 *open;            /* layers of the present unit still to be given a variant */
    i32 *origin;          /* state before times the alternatives, plus the alternative */
    f64 *key;             /* what a completion has at least, for a beam */
    f64 worst;            /* key that a beam has no place beyond */
} States;

typedef struct {
    i32 alternatives, count;
    i32 *origin;
} Past;

typedef struct {
    i32 units, *unit;     /* in turn */
    i32 at, variant;      /* the next unit, and the next variant of one of several layers */
    i32 state;            /* the next state of the stage under way */
    int under_way;
    f64 *rest;            /* fan: bound on all units that are not begun, less what is left */
    f64 *target;          /* rows: what the units begun use of the limits, where all share alike */
    States now, next;
    Past *past;
    i32 stages;
} Side;

typedef struct {
    const Problem *problem;
    const Form *form;
    Core core;
    const f64 *multipliers;
    i32 rows, fan, mode, cap;
    f64 allowed, same;
    f64 *change;          /* fan x rows */
    i32 *order;           /* fan, the most useful first */
    i64 *useful;          /* fan: how many states it showed to be hopeless */
    f64 *least;           /* units x fan */
    f64 *part;            /* units x rows: of the limits, as the means of the units' costs are */
    Side front, back;
    i32 meet;             /* units done from the front where the sides are to meet */
    i32 width;            /* the fan's size, rounded up to whole chunks */
    f64 *turned;          /* rows x width: the changes by their order */
    f64 *value, *added, *rest, *each, *others; /* what the fan says, by its order */
    i32 *table, table_size;
    int repeats, tied, paired_twice, exchangeable, doubt, cut;
    i32 most_states;
    i64 work;
    f64 best;
    i32 *choice;          /* layers: the form's places of the best */
    i32 *flat;            /* the same as the problem's places */
    i32 joined, asked;    /* states of the front that are paired, choices looked at */
    i32 *sorted;          /* states from the end by the worth of their use */
    f64 *worth, *gain;    /* of the sorted: that, and less what they score */
} Dynamic;

static void states_begin(States *states, i32 rows, i32 most) {
    states->count = 0;
    states->most = most;
    states->use = TAKE(f64, most * rows);
    states->reduced = TAKE(f64, most);
    states->open = TAKE(i32, most);
    states->origin = TAKE(i32, most);
    states->key = TAKE(f64, most);
}

static void side_begin(Dynamic *dynamic, Side *side, int backwards) {
    Core *core = &dynamic->core;
    *side = (Side){.units = core->units, .unit = TAKE(i32, core->units)};
    i32 stages = 1;
    for (i32 u = 0; u < core->units; u++) {
        side->unit[u] = backwards ? core->units - 1 - u : u;
        stages += core->unit[u].count == 1 ? 1 : core->unit[u].end - core->unit[u].begin;
    }
    side->past = TAKE(Past, stages);
    side->rest = TAKE(f64, dynamic->fan);
    side->target = TAKE(f64, dynamic->rows);
    for (i32 r = 0; r < dynamic->rows; r++) side->target[r] = 0.0;
    for (i32 f = 0; f < dynamic->fan; f++) {
        f64 rest = 0.0;
        for (i32 u = 0; u < core->units; u++) rest += dynamic->least[u * dynamic->fan + f];
        for (i32 r = 0; r < dynamic->rows; r++)
            rest -= dynamic->change[f * dynamic->rows + r] * core->left[r];
        side->rest[f] = rest;
    }
    states_begin(&side->now, dynamic->rows, fewer_of(256, dynamic->cap + 1));
    side->now.count = 1;
    side->now.reduced[0] = 0.0;
    side->now.open[0] = 0;
    for (i32 r = 0; r < dynamic->rows; r++) side->now.use[r] = 0.0;
}

/* A larger table of states, with what was there. */
static int states_grow(States *states, i32 rows, i32 cap) {
    i32 most = fewer_of(states->most * 4, cap + 1);
    if (most <= states->most) return 0;
    if (!room_for((usize)most * (usize)(rows * 8 + 24))) return 0;
    States larger;
    states_begin(&larger, rows, most);
    usize count = (usize)states->count;
    memcpy(larger.use, states->use, count * sizeof(f64) * (usize)rows);
    memcpy(larger.reduced, states->reduced, count * sizeof(f64));
    memcpy(larger.open, states->open, count * sizeof(i32));
    memcpy(larger.origin, states->origin, count * sizeof(i32));
    memcpy(larger.key, states->key, count * sizeof(f64));
    larger.count = states->count;
    larger.worst = states->worst;
    *states = larger;
    return 1;
}
