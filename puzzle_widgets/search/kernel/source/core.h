/* Step 4: reduced-cost fixing leaves the core.

   A choice's score exceeds the bound by its excess: the sum of its variants' reduced scores, plus
   each multiplier times the budget left over. So a variant whose reduced score alone is more than
   the excess of interest is in no choice of interest (Kellerer, Pferschy, Pisinger, ch. 11).

   Layers that are alike become one unit: only how often each variant is taken counts. */

typedef struct {
    i32 count;            /* layers of the unit, all alike */
    i32 begin, end;       /* its variants in the core's arrays */
    i32 layer;            /* its first layer; the next ones by `next` */
    f64 weight;
} Unit;

typedef struct {
    i32 rows, units, variants, layers;
    Unit *unit;
    i32 *next;            /* layers: the next layer of the same unit, or NONE */
    i32 *first;           /* layers: an open layer's first variant in the form */
    i32 *offset;          /* variants: place within the layer, counted from `first` */
    f64 *reduced;         /* variants */
    f64 *cost;            /* variants x rows */
    f64 *left;            /* rows: limits less the use of the decided layers */
    i32 *fixed;           /* layers: the form's place, right where the layer is decided */
} Core;

static int alike(const Core *core, const Unit *one, const Unit *two, i32 count) {
    if (one->end - one->begin != count) return 0;
    for (i32 v = 0; v < count; v++) {
        i32 a = one->begin + v, b = two->begin + v;
        if (core->offset[a] != core->offset[b] || core->reduced[a] != core->reduced[b]) return 0;
        for (i32 r = 0; r < core->rows; r++)
            if (core->cost[a * core->rows + r] != core->cost[b * core->rows + r]) return 0;
    }
    return 1;
}

/* Join the unit just written to one before that is alike; layers have to come in order. */
static int join_alike(Core *core, i32 *tail) {
    const Unit *last = core->unit + core->units;
    for (i32 u = 0; u < core->units; u++) {
        Unit *unit = core->unit + u;
        if (!alike(core, unit, last, last->end - last->begin)) continue;
        core->next[tail[u]] = last->layer;
        tail[u] = last->layer;
        unit->count++;
        core->variants = last->begin;
        return 1;
    }
    return 0;
}

/* Keep the variants that a choice of at most some excess can have. */
static void core_of(const Form *form, const f64 *reduced, f64 excess, int join, Core *core) {
    i32 n = form->variants, rows = form->rows;
    *core = (Core){.rows = rows};
    core->unit = TAKE(Unit, form->layers + 1);
    core->next = TAKE(i32, form->layers);
    core->first = TAKE(i32, form->layers);
    core->fixed = TAKE(i32, form->layers);
    core->left = TAKE(f64, rows);
    i32 *tail = TAKE(i32, form->layers), kept_in_all = 0;
    for (i32 v = 0; v < n; v++) kept_in_all += reduced[v] <= excess;
    core->offset = TAKE(i32, kept_in_all);
    core->reduced = TAKE(f64, kept_in_all);
    core->cost = TAKE(f64, kept_in_all * rows);
    for (i32 r = 0; r < rows; r++) core->left[r] = form->limit[r];
    for (i32 i = 0; i < form->layers; i++) {
        i32 begin = core->variants;
        core->first[i] = form->start[i];
        core->next[i] = NONE;
        for (i32 v = form->start[i]; v < form->start[i + 1]; v++) {
            if (!(reduced[v] <= excess)) continue;
            i32 at = core->variants++;
            core->offset[at] = v - form->start[i];
            core->reduced[at] = reduced[v];
            for (i32 r = 0; r < rows; r++) core->cost[at * rows + r] = form->cost[r * n + v];
        }
        core->fixed[i] = form->start[i] + core->offset[begin];
        if (core->variants == begin + 1) {
            for (i32 r = 0; r < rows; r++) core->left[r] -= core->cost[begin * rows + r];
            core->variants = begin;
            continue;
        }
        core->layers++;
        core->unit[core->units] = (Unit){1, begin, core->variants, i, 0.0};
        if (join && join_alike(core, tail)) continue;
        tail[core->units++] = i;
    }
}

/* The units first whose choice moves the budgets most: what is left for the later ones to even out
   is then small, so that hopeless states show early. */
static void weightiest_first(Core *core, const f64 *multipliers) {
    Mark begin = mark();
    i32 *order = TAKE(i32, core->units), *spare = TAKE(i32, core->units);
    f64 *key = TAKE(f64, core->units);
    Unit *old = TAKE(Unit, core->units);
    for (i32 u = 0; u < core->units; u++) {
        Unit *unit = core->unit + u;
        f64 base = 0.0, most = 0.0;
        for (i32 v = unit->begin; v < unit->end; v++) {
            f64 worth = 0.0;
            for (i32 r = 0; r < core->rows; r++)
                worth += core->cost[v * core->rows + r] * multipliers[r];
            if (v == unit->begin) base = worth;
            most = most_of(most, size_of(worth - base));
        }
        order[u] = u;
        key[u] = -most * unit->count;
        old[u] = *unit;
    }
    sort_places(order, core->units, key, spare);
    for (i32 u = 0; u < core->units; u++) core->unit[u] = old[order[u]];
    release(begin);
}

/* A unit's variants by rising (1) or falling (-1) reduced score. */
static void order_variants(Core *core, Unit *unit, f64 sign) {
    i32 rows = core->rows;
    for (i32 v = unit->begin + 1; v < unit->end; v++)
        for (i32 w = v; w > unit->begin && sign * core->reduced[w] < sign * core->reduced[w - 1]; w--) {
            f64 swap = core->reduced[w];
            i32 place = core->offset[w];
            core->reduced[w] = core->reduced[w - 1];
            core->reduced[w - 1] = swap;
            core->offset[w] = core->offset[w - 1];
            core->offset[w - 1] = place;
            for (i32 r = 0; r < rows; r++) {
                swap = core->cost[w * rows + r];
                core->cost[w * rows + r] = core->cost[(w - 1) * rows + r];
                core->cost[(w - 1) * rows + r] = swap;
            }
        }
}
