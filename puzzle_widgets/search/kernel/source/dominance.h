/* States that need not be kept: of those that use as much, all but the best; with one budget those
   that use more and score no better; beyond a beam those that promise least. */

#define EQUAL_USE 1e-13

static u64 hash_of(const f64 *use, i32 rows) {
    f64 mark = 0.0;
    for (i32 r = 0; r < rows; r++) mark += use[r] * (1.0 + 0.618033988749895 * r);
    i64 whole = (i64)__builtin_floor(mark * 0x1p30 + 0.5);
    return (u64)whole * 0x9e3779b97f4a7c15ull;
}

static void table_begin(Dynamic *dynamic, i64 states) {
    i32 size = 256;
    i64 wanted = 2 * (states < dynamic->cap ? states : dynamic->cap);
    while (size < wanted) size *= 2;
    if (size > dynamic->table_size || !dynamic->table) {
        dynamic->table = TAKE(i32, size);
    }
    dynamic->table_size = size;
    memset(dynamic->table, 0xff, sizeof(i32) * (usize)size);
}

/* Find a state of the same use in the table, or put this one in. The place of the one found, or
   NONE. `slot` is where it stands. */
static i32 known_state(Dynamic *dynamic, const States *states, i32 state, i32 *slot) {
    i32 rows = dynamic->rows, size = dynamic->table_size;
    const f64 *use = states->use + state * rows;
    i32 at = (i32)(hash_of(use, rows) >> 40) & (size - 1);
    for (; dynamic->table[at] != NONE; at = (at + 1) & (size - 1)) {
        i32 other = dynamic->table[at];
        if (states->open[other] != states->open[state]) continue;
        const f64 *known = states->use + other * rows;
        int equal = 1;
        for (i32 r = 0; r < rows && equal; r++) equal = size_of(known[r] - use[r]) <= EQUAL_USE;
        if (!equal) continue;
        *slot = at;
        return other;
    }
    dynamic->table[at] = state;
    *slot = at;
    return NONE;
}

/* Take the state just written unless one of the same use makes it needless; of those as good as
   each other the first stays. */
static void keep_state(Dynamic *dynamic, States *states, int merges) {
    i32 state = states->count;
    states->count++;
    if (!merges) return;
    i32 slot, other = known_state(dynamic, states, state, &slot);
    if (other == NONE) return;
    f64 better = states->reduced[other] - states->reduced[state];
    if (better >= -dynamic->same && better <= dynamic->same) dynamic->tied = 1;
    if (better <= dynamic->same) {
        states->count--;
        return;
    }
    if (dynamic->mode == LEXICOGRAPHIC) {
        /* The order of states has to stay: the other one goes, this one keeps its own place. */
        states->reduced[other] = INF;
        dynamic->table[slot] = state;
        return;
    }
    states->count--;
    states->reduced[other] = states->reduced[state];
    states->origin[other] = states->origin[state];
    states->key[other] = states->key[state];
    memcpy(states->use + other * dynamic->rows, states->use + state * dynamic->rows,
           sizeof(f64) * (usize)dynamic->rows);
}

static void move_state(States *states, i32 rows, i32 from, i32 to) {
    if (from == to) return;
    for (i32 r = 0; r < rows; r++) states->use[to * rows + r] = states->use[from * rows + r];
    states->reduced[to] = states->reduced[from];
    states->open[to] = states->open[from];
    states->origin[to] = states->origin[from];
    states->key[to] = states->key[from];
}

static void drop_marked(States *states, i32 rows) {
    i32 kept = 0;
    for (i32 s = 0; s < states->count; s++)
        if (states->reduced[s] < INF) move_state(states, rows, s, kept++);
    states->count = kept;
}

/* With one budget: a state that uses no more and scores better makes another needless, and so does
   one that scores the same and comes first. */
static void undominated_by_one(Dynamic *dynamic, States *states) {
    i32 count = states->count;
    Mark begin = mark();
    i32 *places = TAKE(i32, count), *spare = TAKE(i32, count);
    f64 *score = TAKE(f64, count), same = dynamic->same;
    for (i32 s = 0; s < count; s++) {
        score[s] = states->reduced[s] - dynamic->multipliers[0] * states->use[s];
        places[s] = s;
    }
    sort_places(places, count, score, spare);
    sort_places(places, count, states->use, spare);
    f64 least = INF;
    i32 first = NONE;
    for (i32 i = 0; i < count; i++) {
        i32 s = places[i];
        if (!(score[s] <= least + same)) {
            states->reduced[s] = INF;
            continue;
        }
        int better = score[s] < least - same || first == NONE;
        least = least_of(least, score[s]);
        if (!better) dynamic->tied = 1;
        if (better || s < first) first = s;
        else states->reduced[s] = INF;
    }
    release(begin);
    drop_marked(states, 1);
}

/* Keep the states of a beam: those whose completion may be best. */
static void cut_to_beam(Dynamic *dynamic, States *states) {
    i32 beam = dynamic->cap / 2;
    if (states->count <= beam) return;
    Mark begin = mark();
    f64 *keys = TAKE(f64, states->count);
    memcpy(keys, states->key, sizeof(f64) * (usize)states->count);
    f64 most = ranked(keys, states->count, beam);
    release(begin);
    i32 kept = 0;
    states->worst = most;
    for (i32 s = 0; s < states->count && kept < beam; s++)
        if (states->key[s] <= most) move_state(states, dynamic->rows, s, kept++);
    states->count = kept;
    dynamic->cut = 1;
}
