/* Step 5: dynamic programming over the core proves the optimum.

   A state is a choice for the units so far: the use of each budget and the sum of reduced scores.
   It goes when no completion keeps the limits with an excess of interest, or when another state
   uses as much of everything and scores no worse (with one budget: uses no more).

   Where states grow too many from the front, others are built from the end, and the two are joined
   (E. Horowitz, S. Sahni, Computing partitions, 1974): a pair is within the limits and of small
   excess only if its priced uses sum up to nearly what is left, so a window of the sorted others
   is all that a state is paired with. */

#define FEW 64
#define MOST_ASKED 2000
#define NEAR 1e-9              /* weight of what only tells states of the same promise apart */

enum { GOING, FOUND, NOT_FOUND, TOO_MANY };

/* Whether two states can have the same use often: one budget, or costs that layers share. */
static int uses_repeat(const Dynamic *dynamic) {
    const Core *core = &dynamic->core;
    i32 rows = core->rows;
    if (rows == 1 || core->units == 0) return 1;
    for (i32 u = 0; u < core->units; u++)
        if (core->unit[u].count > 1) return 1;
    Mark begin = mark();
    f64 *worth = TAKE(f64, core->variants);
    i32 *places = TAKE(i32, core->variants), *spare = TAKE(i32, core->variants), count = 0;
    for (i32 v = 0; v < core->variants; v++) {
        f64 sum = 0.0;
        int some = 0;
        for (i32 r = 0; r < rows; r++) {
            sum += core->cost[v * rows + r] * (1.0 + 0.618033988749895 * r);
            some |= core->cost[v * rows + r] != 0.0;
        }
        if (!some) continue; /* most layers have a variant that costs nothing, which says little */
        worth[count] = sum;
        places[count] = count;
        count++;
    }
    sort_places(places, count, worth, spare);
    int repeat = 0;
    for (i32 i = 1; i < count; i++) repeat |= worth[places[i]] - worth[places[i - 1]] <= 1e-12;
    release(begin);
    return repeat;
}

/* Difference that rounding can make in an excess: large where the summands are. */
static f64 same_of(const Core *core, const f64 *multipliers, f64 excess) {
    f64 sum = 10 * excess;
    for (i32 r = 0; r < core->rows; r++) {
        f64 largest = size_of(core->left[r]);
        for (i32 u = 0; u < core->units; u++) {
            f64 high = 0.0;
            for (i32 v = core->unit[u].begin; v < core->unit[u].end; v++)
                high = most_of(high, core->cost[v * core->rows + r]);
            largest += high * core->unit[u].count;
        }
        sum += multipliers[r] * largest;
    }
    return SAME + LAST_DIGITS * sum;
}

static void dynamic_begin(
    Dynamic *dynamic, const Problem *problem, const Form *form, const f64 *reduced,
    const f64 *multipliers, f64 excess, f64 rounding, i32 cap, i32 mode
) {
    *dynamic = (Dynamic){
        .problem = problem, .form = form, .multipliers = multipliers, .rows = form->rows,
        .mode = mode, .cap = cap, .best = INF};
    int free_order = mode == PLAIN || mode == BEAM;
    Core *core = &dynamic->core;
    core_of(form, reduced, excess + rounding, free_order, core);
    if (free_order) {
        weightiest_first(core, multipliers);
        for (i32 u = 0; u < core->units; u++)
            order_variants(core, core->unit + u, core->unit[u].count == 1 ? 1.0 : -1.0);
    }
    dynamic->same = same_of(core, multipliers, excess);
    dynamic->allowed = excess + dynamic->same;
    make_fan(dynamic);
    make_least(dynamic);
    make_part(dynamic);
    dynamic->repeats = mode != WHOLE && uses_repeat(dynamic);
    i32 widest = 1;
    for (i32 u = 0; u < core->units; u++)
        widest = more_of(widest, core->unit[u].end - core->unit[u].begin);
    dynamic->added = TAKE(f64, widest * dynamic->width);
    dynamic->choice = TAKE(i32, form->layers);
    dynamic->flat = TAKE(i32, form->layers);
    dynamic->meet = NONE;
    side_begin(dynamic, &dynamic->front, 0);
    dynamic->most_states = 1;
}

/* Set aside the origins of the states just made, to trace a choice back later. */
static int remember(Dynamic *dynamic, Side *side, i32 alternatives) {
    States *states = &side->next;
    if (!room_for((usize)states->count * 4)) return 0;
    Past *past = side->past + side->stages++;
    past->alternatives = alternatives;
    past->count = states->count;
    past->origin = TAKE(i32, states->count);
    memcpy(past->origin, states->origin, sizeof(i32) * (usize)states->count);
    States swap = side->now;
    side->now = side->next;
    side->next = swap;
    if (side->now.count > dynamic->most_states) dynamic->most_states = side->now.count;
    return 1;
}

/* How far a state is from what its units use where all share alike: of those that cost the same, most
   pairs of nearby ones sum up to nearly the limits. */
static f64 distance_of(const Dynamic *dynamic, const Side *side, const f64 *use) {
    f64 sum = 0.0;
    for (i32 r = 0; r < dynamic->rows; r++) {
        f64 worth = dynamic->multipliers[r] * (use[r] - side->target[r]);
        sum += worth * worth;
    }
    return sum;
}

/* Give every state one more alternative: `times` a variant, with what that adds to the fan. Where
   the table is full: for a beam its best half stays, else 0. */
static int extend_state(
    Dynamic *dynamic, Side *side, i32 state, i32 alternative, i32 alternatives, i32 v, f64 times,
    i32 open, const f64 *added, int merges
) {
    States *now = &side->now, *next = &side->next;
    Core *core = &dynamic->core;
    i32 rows = dynamic->rows;
    f64 reduced = now->reduced[state] + times * core->reduced[v], key = 0.0;
    if (reduced > dynamic->allowed) return 1;
    if (!promising(dynamic, added, &key)) return 1;
    if (next->count == next->most && !states_grow(next, rows, dynamic->cap)) {
        if (dynamic->mode != BEAM) return 0;
        cut_to_beam(dynamic, next);
        if (merges) { /* the table's places have moved */
            memset(dynamic->table, 0xff, sizeof(i32) * (usize)dynamic->table_size);
            for (i32 s = 0, slot; s < next->count; s++) known_state(dynamic, next, s, &slot);
        }
    }
    i32 to = next->count;
    for (i32 r = 0; r < rows; r++)
        next->use[to * rows + r] = now->use[state * rows + r] + times * core->cost[v * rows + r];
    next->reduced[to] = reduced;
    next->open[to] = open;
    next->origin[to] = state * alternatives + alternative;
    if (dynamic->mode == BEAM) {
        key += NEAR * distance_of(dynamic, side, next->use + to * rows);
        if (key > next->worst) return 1;
    }
    next->key[to] = key;
    keep_state(dynamic, next, merges);
    return 1;
}

/* Work of one state at a stage, by what it was counted with two rows. */
static i64 work_of(const Dynamic *dynamic) {
    return (i64)dynamic->width * (dynamic->rows + 1) / 3 + 1;
}

/* One unit of one layer: every state takes every variant. GOING where there is no more work for
   now, FOUND at the end. */
static i32 extend_layer(Dynamic *dynamic, Side *side, const Unit *unit, int merges, i64 until) {
    i32 width = dynamic->width, count = unit->end - unit->begin;
    Core *core = &dynamic->core;
    int sorted = dynamic->mode == PLAIN || dynamic->mode == BEAM;
    if (!side->state)
        for (i32 a = 0; a < count; a++) {
            f64 *added = dynamic->added + a * width;
            fan_of_variant(dynamic, unit->begin + a, added);
            for (i32 at = 0; at < width; at++) added[at] += dynamic->rest[at];
        }
    for (; side->state < side->now.count; side->state++) {
        if (dynamic->work > until) return GOING;
        i32 s = side->state;
        f64 room = dynamic->allowed - side->now.reduced[s];
        fan_of_state(dynamic, &side->now, s);
        for (i32 a = 0; a < count; a++) {
            if (core->reduced[unit->begin + a] > room) {
                if (sorted) break;
                continue;
            }
            if (!extend_state(dynamic, side, s, a, count, unit->begin + a, 1.0, 0,
                              dynamic->added + a * width, merges)) return TOO_MANY;
        }
        dynamic->work += work_of(dynamic) + count;
    }
    return FOUND;
}

/* What a variant says to the fan, and the least of those after it. */
static void fan_of_others(Dynamic *dynamic, const Unit *unit, i32 v) {
    i32 width = dynamic->width;
    f64 *each = dynamic->each, *others = dynamic->others;
    for (i32 at = 0; at < width; at++) others[at] = INF;
    for (i32 w = unit->end - 1; w >= v; w--) {
        fan_of_variant(dynamic, w, each);
        for (i32 at = 0; at < width && w > v; at++) others[at] = least_of(others[at], each[at]);
    }
}

/* Give the state just written the last variant for all layers of a unit that are left. */
static void close_unit(Dynamic *dynamic, States *next, i32 last, i32 after, int merges) {
    const Core *core = &dynamic->core;
    i32 rows = dynamic->rows, state = next->count - 1;
    for (i32 r = 0; r < rows; r++)
        next->use[state * rows + r] += after * core->cost[last * rows + r];
    next->reduced[state] += after * core->reduced[last];
    next->count--;
    if (next->reduced[state] <= dynamic->allowed) keep_state(dynamic, next, merges);
}

/* One variant of a unit of several layers: every state takes it some number of times. The last but
   one leaves the rest to the last. */
static i32 extend_times(Dynamic *dynamic, Side *side, const Unit *unit, int merges, i64 until) {
    i32 width = dynamic->width, v = unit->begin + side->variant;
    i32 last = unit->end - 1, alternatives = unit->count + 1;
    Core *core = &dynamic->core;
    f64 *each = dynamic->each, *others = dynamic->others, *added = dynamic->added;
    int closes = v == last - 1;
    if (!side->state) fan_of_others(dynamic, unit, v);
    for (; side->state < side->now.count; side->state++) {
        if (dynamic->work > until) return GOING;
        i32 s = side->state, open = side->variant == 0 ? unit->count : side->now.open[s];
        fan_of_state(dynamic, &side->now, s);
        for (i32 times = 0; times <= open; times++) {
            if (side->now.reduced[s] + times * core->reduced[v] > dynamic->allowed) break;
            i32 after = open - times, to = side->next.count;
            for (i32 at = 0; at < width; at++)
                added[at] = dynamic->rest[at] + times * each[at] + after * others[at];
            if (!extend_state(dynamic, side, s, times, alternatives, v, times, closes ? 0 : after,
                              added, merges && !closes)) return TOO_MANY;
            dynamic->work += work_of(dynamic);
            if (closes && side->next.count > to)
                close_unit(dynamic, &side->next, last, after, merges);
        }
    }
    return FOUND;
}

static void begin_stage(Dynamic *dynamic, Side *side, int first, int merges, i64 children) {
    i32 u = side->unit[side->at], fan = dynamic->fan;
    if (first) {
        for (i32 f = 0; f < fan; f++) side->rest[f] -= dynamic->least[u * fan + f];
        for (i32 r = 0; r < dynamic->rows; r++) side->target[r] += dynamic->part[u * dynamic->rows + r];
    }
    if (merges) table_begin(dynamic, children);
    if (!side->next.most) states_begin(&side->next, dynamic->rows, fewer_of(256, dynamic->cap + 1));
    side->next.count = side->state = 0;
    side->next.worst = INF;
    side->under_way = 1;
    turn_fan(dynamic);
    fan_of_rest(dynamic, side);
}

/* Some of one stage of one side: FOUND when it is done, TOO_MANY where the states outgrow their cap,
   and the side stays as it was at the last whole unit. */
static i32 advance(Dynamic *dynamic, Side *side, i64 until) {
    const Unit *unit = dynamic->core.unit + side->unit[side->at];
    int several = unit->count > 1, first = !several || side->variant == 0;
    i32 count = several ? unit->count + 1 : unit->end - unit->begin;
    i64 children = (i64)side->now.count * count;
    int merges = dynamic->repeats && dynamic->rows > 1 && children > FEW;
    if (!side->under_way) begin_stage(dynamic, side, first, merges, children);
    i32 done = several ? extend_times(dynamic, side, unit, merges, until)
                       : extend_layer(dynamic, side, unit, merges, until);
    if (done != FOUND) return done;
    side->under_way = 0;
    if (dynamic->mode == LEXICOGRAPHIC && merges) drop_marked(&side->next, dynamic->rows);
    if (dynamic->repeats && dynamic->rows == 1 && !several && side->next.count > FEW)
        undominated_by_one(dynamic, &side->next);
    if (!remember(dynamic, side, count)) return TOO_MANY;
    if (several) side->variant++;
    if (!several || side->variant == unit->end - unit->begin - 1) {
        side->variant = 0;
        side->at++;
    }
    return FOUND;
}

static i32 trace_unit(const Dynamic *dynamic, const Side *side, i32 *stage, i32 state, i32 u, i32 *choice) {
    const Core *core = &dynamic->core;
    const Unit *unit = core->unit + u;
    i32 count = unit->end - unit->begin;
    if (unit->count == 1) {
        const Past *past = side->past + --*stage;
        i32 origin = past->origin[state];
        i32 variant = unit->begin + origin % past->alternatives;
        choice[unit->layer] = core->first[unit->layer] + core->offset[variant];
        return origin / past->alternatives;
    }
    /* Layers that are alike take their variants by rising place. */
    i32 times[count], left = unit->count;
    for (i32 v = count - 2; v >= 0; v--) {
        const Past *past = side->past + --*stage;
        i32 origin = past->origin[state];
        times[v] = origin % past->alternatives;
        state = origin / past->alternatives;
        left -= times[v];
    }
    times[count - 1] = left;
    for (i32 layer = unit->layer; layer != NONE; layer = core->next[layer]) {
        i32 best = NONE;
        for (i32 v = 0; v < count; v++)
            if (times[v] > 0 && (best == NONE || core->offset[unit->begin + v] < core->offset[unit->begin + best]))
                best = v;
        times[best]--;
        choice[layer] = core->first[layer] + core->offset[unit->begin + best];
    }
    return state;
}

static void trace(const Dynamic *dynamic, const Side *side, i32 state, i32 *choice) {
    i32 stage = side->stages;
    for (i32 at = side->at - 1; at >= 0; at--)
        state = trace_unit(dynamic, side, &stage, state, side->unit[at], choice);
}

/* Excess of a whole choice; infinite beyond the limits. */
static f64 excess_of(const Dynamic *dynamic, f64 reduced, const f64 *use, const f64 *more) {
    for (i32 r = 0; r < dynamic->rows; r++) {
        f64 sum = use[r] + (more ? more[r] : 0.0), left = dynamic->core.left[r] - sum;
        if (left < 0.0) return INF;
        reduced += dynamic->multipliers[r] * left;
    }
    return reduced;
}

/* Whether layers that are alike have different variants in a choice: exchanged, they are another
   choice of the same sums. */
static int exchangeable(const Core *core, const i32 *choice) {
    for (i32 u = 0; u < core->units; u++) {
        i32 first = core->unit[u].layer, variant = choice[first] - core->first[first];
        for (i32 layer = core->next[first]; layer != NONE; layer = core->next[layer])
            if (choice[layer] - core->first[layer] != variant) return 1;
    }
    return 0;
}

/* Take a choice if it keeps the problem's rows when summed exactly. */
static int accept(Dynamic *dynamic, i32 state, i32 other, f64 excess) {
    const Form *form = dynamic->form;
    Mark begin = mark();
    i32 *choice = TAKE(i32, form->layers), *flat = TAKE(i32, form->layers);
    memcpy(choice, dynamic->core.fixed, sizeof(i32) * (usize)form->layers);
    trace(dynamic, &dynamic->front, state, choice);
    if (other != NONE) trace(dynamic, &dynamic->back, other, choice);
    for (i32 i = 0; i < form->layers; i++) flat[i] = form->flat[choice[i]];
    dynamic->asked++;
    int whole = !breaks_a_row(dynamic->problem, flat);
    if (whole) {
        dynamic->best = excess;
        dynamic->exchangeable = exchangeable(&dynamic->core, choice);
        memcpy(dynamic->choice, choice, sizeof(i32) * (usize)form->layers);
        memcpy(dynamic->flat, flat, sizeof(i32) * (usize)form->layers);
    } else dynamic->doubt = 1;
    release(begin);
    return whole;
}

static i32 finish_front(Dynamic *dynamic) {
    States *states = &dynamic->front.now;
    i32 alike_count = 0, first = NONE;
    f64 *excess = states->key;
    for (i32 s = 0; s < states->count; s++) {
        f64 value = excess_of(dynamic, states->reduced[s], states->use + s * dynamic->rows, 0);
        excess[s] = value <= dynamic->allowed ? value : INF;
        if (excess[s] < dynamic->best) {
            if (!accept(dynamic, s, NONE, excess[s])) excess[s] = INF;
            else first = s;
            if (dynamic->asked > MOST_ASKED) return TOO_MANY;
        }
    }
    if (first == NONE) return NOT_FOUND;
    f64 least = dynamic->best;
    first = NONE;
    for (i32 s = 0; s < states->count; s++)
        if (excess[s] <= least + dynamic->same) {
            alike_count++;
            if (first == NONE && accept(dynamic, s, NONE, excess[s])) first = s;
        }
    dynamic->tied |= alike_count > 1;
    return FOUND;
}

/* Sort the states from the end by what their use is worth. */
static int begin_join(Dynamic *dynamic) {
    States *back = &dynamic->back.now;
    i32 count = back->count;
    if (!room_for((usize)count * 36)) return 0;
    dynamic->sorted = TAKE(i32, count);
    dynamic->worth = TAKE(f64, count);
    dynamic->gain = TAKE(f64, count);
    Mark begin = mark();
    f64 *worth = TAKE(f64, count);
    for (i32 s = 0; s < count; s++) {
        worth[s] = 0.0;
        for (i32 r = 0; r < dynamic->rows; r++)
            worth[s] += dynamic->multipliers[r] * back->use[s * dynamic->rows + r];
        dynamic->sorted[s] = s;
    }
    sort_places(dynamic->sorted, count, worth, TAKE(i32, count));
    for (i32 i = 0; i < count; i++) {
        dynamic->worth[i] = worth[dynamic->sorted[i]];
        dynamic->gain[i] = dynamic->worth[i] - back->reduced[dynamic->sorted[i]];
    }
    release(begin);
    return 1;
}

/* How many of some sorted numbers are below another one. */
static i32 below(const f64 *sorted, i32 count, f64 other) {
    i32 low = 0, high = count;
    while (low < high) {
        i32 middle = (low + high) / 2;
        if (sorted[middle] < other) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* The next place of a gain that is enough; the others make too much excess whatever rows they keep. */
static i32 next_gain(const f64 *gain, i32 at, i32 end, f64 enough) {
    while (at < end && gain[at] < enough) at++;
    return at;
}

/* Pair some states of the front with those from the end. */
static i32 join_some(Dynamic *dynamic, i64 until) {
    States *front = &dynamic->front.now, *back = &dynamic->back.now;
    i32 rows = dynamic->rows;
    f64 all = 0.0;
    for (i32 r = 0; r < rows; r++) all += dynamic->multipliers[r] * dynamic->core.left[r];
    for (; dynamic->joined < front->count; dynamic->joined++) {
        if (dynamic->work++ > until) return GOING;
        i32 s = dynamic->joined;
        f64 worth = all, limit = least_of(dynamic->allowed, dynamic->best + dynamic->same);
        f64 room = limit - front->reduced[s];
        if (room < 0.0) continue;
        for (i32 r = 0; r < rows; r++) worth -= dynamic->multipliers[r] * front->use[s * rows + r];
        f64 from = worth - room - dynamic->same;
        i32 end = below(dynamic->worth, back->count, worth + 2.0 * dynamic->same);
        for (i32 at = below(dynamic->worth, end, from); at < end; at++) {
            i32 begin = at;
            at = next_gain(dynamic->gain, at, end, from);
            dynamic->work += at - begin + 1;
            if (at == end) break;
            i32 o = dynamic->sorted[at];
            dynamic->work += rows / 3;
            f64 excess = excess_of(
                dynamic, front->reduced[s] + back->reduced[o], front->use + s * rows,
                back->use + o * rows);
            if (!(excess <= dynamic->allowed && excess <= dynamic->best + dynamic->same)) continue;
            dynamic->paired_twice = excess >= dynamic->best - dynamic->same;
            if (excess < dynamic->best) accept(dynamic, s, o, excess);
            if (dynamic->asked > MOST_ASKED) return TOO_MANY;
        }
    }
    dynamic->tied |= dynamic->paired_twice;
    return dynamic->best < INF ? FOUND : NOT_FOUND;
}

/* Some more work; what is known then. */
static i32 dynamic_run(Dynamic *dynamic, i64 until) {
    Core *core = &dynamic->core;
    while (dynamic->work <= until) {
        if (dynamic->sorted) return join_some(dynamic, until);
        Side *front = &dynamic->front, *back = &dynamic->back;
        if (dynamic->meet == NONE) {
            if (front->at == core->units) return finish_front(dynamic);
            i32 done = advance(dynamic, front, until);
            if (done == GOING) return GOING;
            if (done == FOUND) {
                if (front->now.count == 0) return NOT_FOUND;
                int half = dynamic->cut && 2 * front->at >= core->units && front->variant == 0;
                if (!half) continue;
            } else if (dynamic->mode != PLAIN || front->variant > 0)
                return TOO_MANY;
            /* The sides meet behind the last unit that is whole. */
            dynamic->meet = front->at;
            side_begin(dynamic, back, 1);
            continue;
        }
        if (back->at == core->units - dynamic->meet) {
            if (!begin_join(dynamic)) return TOO_MANY;
            continue;
        }
        i32 done = advance(dynamic, back, until);
        if (done != FOUND) return done;
        if (back->now.count == 0) return NOT_FOUND;
    }
    return GOING;
}
