/* The least excess of a completion is bounded by a fan of multipliers around the best ones: with a
   change d of the multipliers, a state of sum r and use u ends with an excess of at least
   r + d.u - d.left + the least of (reduced + d.cost) over the units to come. */

#define SAME 1e-11
#define MOST_FAN 160
#define CHUNK 8

static const f64 STEPS[] = {-1.0, -0.3, -0.1, -0.03, 0.03, 0.1, 0.3, 2.0};
static const f64 TRADES[] = {-0.3, -0.1, -0.03, 0.03, 0.1, 0.3};

static void add_change(Dynamic *dynamic, const f64 *change) {
    if (dynamic->fan == MOST_FAN) return;
    f64 *to = dynamic->change + dynamic->fan * dynamic->rows;
    int some = dynamic->fan == 0;
    for (i32 r = 0; r < dynamic->rows; r++) {
        to[r] = most_of(change[r], -dynamic->multipliers[r]);
        some |= to[r] != 0.0;
    }
    dynamic->fan += some;
}

/* Changes of the multipliers to bound with; the first is none. Where there is not place for all,
   the rows of the largest multipliers have theirs. */
static void make_fan(Dynamic *dynamic) {
    i32 rows = dynamic->rows;
    dynamic->change = TAKE(f64, MOST_FAN * more_of(rows, 1));
    dynamic->order = TAKE(i32, MOST_FAN);
    dynamic->useful = TAKE(i64, MOST_FAN);
    for (i32 f = 0; f < MOST_FAN; f++) {
        dynamic->order[f] = f;
        dynamic->useful[f] = 0;
    }
    Mark begin = mark();
    f64 *change = TAKE(f64, rows), *unit = TAKE(f64, rows), *key = TAKE(f64, rows), largest = SAME;
    i32 *row = TAKE(i32, rows), *spare = TAKE(i32, rows);
    for (i32 r = 0; r < rows; r++) largest = most_of(largest, dynamic->multipliers[r]);
    for (i32 r = 0; r < rows; r++) {
        unit[r] = most_of(dynamic->multipliers[r], 0.05 * largest);
        key[r] = -dynamic->multipliers[r];
        change[r] = 0.0;
        row[r] = r;
    }
    sort_places(row, rows, key, spare);
    add_change(dynamic, change);
    for (i32 s = 0; s < 8 && rows > 1; s++) {
        for (i32 r = 0; r < rows; r++) change[r] = STEPS[s] * unit[r];
        add_change(dynamic, change);
    }
    for (i32 r = 0; r < rows; r++) change[r] = 0.0;
    for (i32 one = 0; one < rows; one++) {
        for (i32 s = 0; s < 8; s++) {
            change[row[one]] = STEPS[s] * unit[row[one]];
            add_change(dynamic, change);
        }
        change[row[one]] = 0.0;
    }
    for (i32 one = 0; one < rows; one++)
        for (i32 two = 0; two < one; two++) {
            i32 a = row[two], b = row[one];
            if (dynamic->multipliers[a] == 0.0) continue;
            for (i32 s = 0; s < 6; s++) {
                change[a] = TRADES[s] * unit[a];
                change[b] = -TRADES[s] * unit[b];
                add_change(dynamic, change);
            }
            change[a] = change[b] = 0.0;
        }
    dynamic->width = (dynamic->fan + CHUNK - 1) / CHUNK * CHUNK;
    release(begin);
    dynamic->turned = TAKE(f64, rows * dynamic->width);
    dynamic->value = TAKE(f64, dynamic->width);
    dynamic->rest = TAKE(f64, dynamic->width);
    dynamic->each = TAKE(f64, dynamic->width);
    dynamic->others = TAKE(f64, dynamic->width);
}

static f64 changed(const Dynamic *dynamic, i32 f, f64 reduced, const f64 *cost) {
    f64 value = reduced;
    for (i32 r = 0; r < dynamic->rows; r++) value += dynamic->change[f * dynamic->rows + r] * cost[r];
    return value;
}

/* Each unit's least contribution to each bound of the fan. */
static void make_least(Dynamic *dynamic) {
    Core *core = &dynamic->core;
    i32 fan = dynamic->fan;
    dynamic->least = TAKE(f64, core->units * fan);
    for (i32 u = 0; u < core->units; u++)
        for (i32 f = 0; f < fan; f++) {
            f64 least = INF;
            for (i32 v = core->unit[u].begin; v < core->unit[u].end; v++)
                least = least_of(
                    least, changed(dynamic, f, core->reduced[v], core->cost + v * core->rows));
            dynamic->least[u * fan + f] = least * core->unit[u].count;
        }
}

/* What of the limits each unit uses, where all keep to the means of their variants. */
static void make_part(Dynamic *dynamic) {
    const Core *core = &dynamic->core;
    i32 rows = core->rows;
    dynamic->part = TAKE(f64, core->units * rows);
    for (i32 r = 0; r < rows; r++) {
        f64 all = 0.0;
        for (i32 u = 0; u < core->units; u++) {
            const Unit *unit = core->unit + u;
            f64 sum = 0.0;
            for (i32 v = unit->begin; v < unit->end; v++) sum += core->cost[v * rows + r];
            all += dynamic->part[u * rows + r] = sum * unit->count / (unit->end - unit->begin);
        }
        for (i32 u = 0; u < core->units && all > 0.0; u++)
            dynamic->part[u * rows + r] *= core->left[r] / all;
    }
}

/* Put what showed most states to be hopeless first, for the next stage. */
static void turn_fan(Dynamic *dynamic) {
    i32 *order = dynamic->order, width = dynamic->width;
    for (i32 at = 1; at < dynamic->fan; at++)
        for (i32 to = at; to > 0 && dynamic->useful[order[to]] > dynamic->useful[order[to - 1]]; to--) {
            i32 f = order[to];
            order[to] = order[to - 1];
            order[to - 1] = f;
        }
    for (i32 r = 0; r < dynamic->rows; r++)
        for (i32 at = 0; at < width; at++)
            dynamic->turned[r * width + at] =
                dynamic->change[order[at < dynamic->fan ? at : 0] * dynamic->rows + r];
}

/* What the fan says of a state so far. */
static void fan_of_state(Dynamic *dynamic, const States *states, i32 state) {
    i32 rows = dynamic->rows, width = dynamic->width;
    const f64 *use = states->use + state * rows;
    f64 *value = dynamic->value;
    for (i32 at = 0; at < width; at++) value[at] = states->reduced[state];
    for (i32 r = 0; r < rows; r++) {
        const f64 *turned = dynamic->turned + r * width, amount = use[r];
        for (i32 at = 0; at < width; at++) value[at] += turned[at] * amount;
    }
}

/* What the fan says of a variant, by the fan's order. */
static void fan_of_variant(const Dynamic *dynamic, i32 v, f64 *added) {
    const Core *core = &dynamic->core;
    for (i32 at = 0; at < dynamic->width; at++) {
        i32 f = dynamic->order[at < dynamic->fan ? at : 0];
        added[at] = changed(dynamic, f, core->reduced[v], core->cost + v * core->rows);
    }
}

/* What it says of the units to come, by its order. */
static void fan_of_rest(Dynamic *dynamic, const Side *side) {
    for (i32 at = 0; at < dynamic->width; at++)
        dynamic->rest[at] = side->rest[dynamic->order[at < dynamic->fan ? at : 0]];
}

/* Whether some completion may be of interest. */
static int promising(Dynamic *dynamic, const f64 *added, f64 *key) {
    f64 allowed = dynamic->allowed;
    const f64 *value = dynamic->value;
    for (i32 at = 0; at < dynamic->width; at += CHUNK) {
        i64 over = 0;
        for (i32 f = at; f < at + CHUNK; f++) over += value[f] + added[f] > allowed;
        if (!over) continue;
        for (i32 f = at; f < at + CHUNK; f++)
            if (value[f] + added[f] > allowed) {
                dynamic->useful[dynamic->order[f < dynamic->fan ? f : 0]]++;
                break;
            }
        return 0;
    }
    if (dynamic->mode == BEAM) {
        f64 most[CHUNK]; /* side by side, as processors compare */
        for (i32 f = 0; f < CHUNK; f++) most[f] = value[f] + added[f];
        for (i32 at = CHUNK; at < dynamic->width; at += CHUNK)
            for (i32 f = 0; f < CHUNK; f++) most[f] = most_of(most[f], value[at + f] + added[at + f]);
        *key = most[0];
        for (i32 f = 1; f < CHUNK; f++) *key = most_of(*key, most[f]);
    }
    return 1;
}
