/* The last of the ties where all rows are one sum in whole steps, as where scores follow the costs.

   Which sums the layers from each one on can reach is then a line of bits, and the first variant that
   leaves a sum within the limits is taken, layer by layer. All comparisons are exact, or nothing is
   said. */

#define MOST_REACH ((usize)8 << 20)
#define MOST_SHIFTS 20000000
#define SPLIT 134217729.0
#define LEAST_SLOPE 0x1p-900 /* what is lost of smaller products has no digits itself */

typedef struct {
    const Problem *problem;
    i32 *weight;          /* variants: steps above the least of the layer */
    i32 *base;            /* layers: a variant of weight 0 */
    i64 most, low, high;  /* greatest sum of all; those that keep the rows looked at so far */
    i32 top;              /* the variant of the greatest weight, and its layer */
    i32 top_layer;
} Line;

/* What is lost when a difference, or a product, is rounded. */
static f64 lost_by_minus(f64 a, f64 b, f64 difference) {
    f64 back = difference - a;
    return (a - (difference - back)) - (b + back);
}

static f64 lost_by_times(f64 a, f64 b, f64 product) {
    f64 c = SPLIT * a, high_a = c - (c - a), low_a = a - high_a;
    f64 d = SPLIT * b, high_b = d - (d - b), low_b = b - high_b;
    return ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b;
}

/* Weigh the variants by one row; 0 where its costs are not whole steps, or too many of them. */
static int weigh_by(Line *line, i32 row) {
    const Problem *problem = line->problem;
    const f64 *cost = problem->cost + (usize)row * (usize)problem->variants;
    Mark begin = mark();
    f64 *above = TAKE(f64, problem->variants), most = 0.0;
    for (i32 i = 0; i < problem->layers; i++) {
        f64 least = INF, high = 0.0;
        for (i32 v = problem->start[i]; v < problem->start[i + 1]; v++)
            if (problem->allowed[v] && cost[v] < least) {
                least = cost[v];
                line->base[i] = v;
            }
        for (i32 v = problem->start[i]; v < problem->start[i + 1]; v++) {
            above[v] = problem->allowed[v] ? cost[v] - least : 0.0;
            high = most_of(high, above[v]);
        }
        most += high;
    }
    f64 step = step_of(above, problem->allowed, problem->variants);
    int some = step > 0.0 && most / step < (f64)(MOST_REACH * 8) / (problem->layers + 1);
    line->most = 0;
    line->top = NONE;
    for (i32 i = 0; some && i < problem->layers; i++) {
        i32 high = 0;
        for (i32 v = problem->start[i]; v < problem->start[i + 1]; v++) {
            line->weight[v] = (i32)(above[v] / step);
            high = more_of(high, line->weight[v]);
            if (line->top == NONE || line->weight[v] > line->weight[line->top]) {
                line->top = v;
                line->top_layer = i;
            }
        }
        line->most += high;
    }
    release(begin);
    line->low = 0;
    line->high = line->most;
    return some;
}

/* How a row's sum compares with a limit where the weights sum up to w: 1 beyond, -1 within, 0 where
   what the row has beside its slope leaves that open. */
static int compare(const Sum *base, f64 slope, i64 w, f64 beside, f64 limit) {
    f64 product = slope * (f64)w, lost = lost_by_times(slope, (f64)w, product);
    for (i32 side = -1; side <= 1; side += 2) {
        Sum sum = *base;
        sum_add(&sum, product);
        sum_add(&sum, lost);
        sum_add(&sum, -limit);
        sum_add(&sum, -side * beside);
        f64 over = sum_value(&sum);
        if (side < 0 && over <= 0.0) return -1;
        if (side > 0 && over > 0.0) return 1;
    }
    return 0;
}

/* Which sums keep one side of a row; 0 where that cannot be told. */
static int keep_side(Line *line, const f64 *cost, f64 sign, f64 limit) {
    const Problem *problem = line->problem;
    f64 beside = 0.0, top = line->weight[line->top];
    f64 slope = sign * (cost[line->top] - cost[line->base[line->top_layer]]) / top;
    Sum base = {.count = 0};
    for (i32 i = 0; i < problem->layers; i++) {
        f64 zero = sign * cost[line->base[i]], most = 0.0;
        sum_add(&base, zero);
        for (i32 v = problem->start[i]; v < problem->start[i + 1]; v++) {
            if (!problem->allowed[v]) continue;
            f64 own = sign * cost[v], more = own - zero, even = slope * line->weight[v];
            f64 lost = size_of(lost_by_minus(own, zero, more));
            lost += size_of(lost_by_times(slope, line->weight[v], even));
            most = most_of(most, (size_of(more - even) + lost) * (1 + 4 * EPSILON));
        }
        beside += most;
    }
    beside *= 1 + 4 * EPSILON * problem->layers;
    if (!finite(beside) || !finite(slope)) return 0;
    if (slope != 0.0 && size_of(slope) < LEAST_SLOPE) return 0;
    if (slope == 0.0) return compare(&base, 0.0, 0, beside, limit) < 0;
    f64 near = (limit - sum_value(&base)) / slope;
    i64 ends = (i64)most_of(-2.0, least_of(near, (f64)line->most + 2.0));
    for (i64 w = ends - 2; w <= ends + 2; w++) {
        i64 beyond = slope > 0.0 ? w + 1 : w - 1;
        if (compare(&base, slope, w, beside, limit) >= 0) continue;
        if (slope > 0.0 && w >= line->most) return 1;
        if (slope < 0.0 && w <= 0) return 1;
        if (compare(&base, slope, beyond, beside, limit) <= 0) continue;
        if (slope > 0.0 && w < line->high) line->high = w;
        if (slope < 0.0 && w > line->low) line->low = w;
        return 1;
    }
    return 0;
}

static int keep_rows(Line *line) {
    const Problem *problem = line->problem;
    for (i32 r = 0; r < problem->rows; r++) {
        const f64 *cost = problem->cost + (usize)r * (usize)problem->variants;
        if (finite(problem->upper[r]) && !keep_side(line, cost, 1.0, problem->upper[r])) return 0;
        if (finite(problem->lower[r]) && !keep_side(line, cost, -1.0, -problem->lower[r])) return 0;
    }
    return line->low <= line->high;
}

/* Add to a line of bits another one, shifted. */
static void add_shifted(u64 *to, const u64 *from, i32 words, i32 shift) {
    i32 whole = shift >> 6, rest = shift & 63;
    for (i32 k = words - 1; k >= whole; k--) {
        u64 bits = from[k - whole] << rest;
        if (rest && k > whole) bits |= from[k - whole - 1] >> (64 - rest);
        to[k] |= bits;
    }
}

static int some_between(const u64 *bits, i64 low, i64 high) {
    for (i64 k = low; k <= high; k++) {
        if (!(k & 63) && k + 63 <= high && !bits[k >> 6]) k += 63;
        else if (bits[k >> 6] >> (k & 63) & 1) return 1;
    }
    return 0;
}

/* The first choice whose sum is within the limits; 0 where there is none. */
static int first_within(const Line *line, i32 *choice) {
    const Problem *problem = line->problem;
    i32 layers = problem->layers, words = (i32)(line->high >> 6) + 1;
    u64 *reach = TAKE(u64, (usize)(layers + 1) * (usize)words);
    memset(reach, 0, sizeof(u64) * (usize)(layers + 1) * (usize)words);
    reach[(usize)layers * (usize)words] = 1;
    for (i32 i = layers - 1; i >= 0; i--)
        for (i32 v = problem->start[i]; v < problem->start[i + 1]; v++)
            if (problem->allowed[v] && line->weight[v] <= line->high)
                add_shifted(reach + (usize)i * (usize)words, reach + (usize)(i + 1) * (usize)words,
                            words, line->weight[v]);
    i64 low = line->low, high = line->high;
    for (i32 i = 0; i < layers; i++) {
        const u64 *next = reach + (usize)(i + 1) * (usize)words;
        choice[i] = NONE;
        for (i32 v = problem->start[i]; v < problem->start[i + 1] && choice[i] == NONE; v++) {
            i64 w = line->weight[v];
            if (!problem->allowed[v] || w > high) continue;
            if (some_between(next, low > w ? low - w : 0, high - w)) choice[i] = v;
        }
        if (choice[i] == NONE) return 0;
        low -= line->weight[choice[i]];
        high -= line->weight[choice[i]];
    }
    return 1;
}

/* The first choice that keeps all rows, layer by layer; 0 where they are not one sum. */
static int first_by_sums(const Problem *problem, i32 *choice) {
    Mark begin = mark();
    Line line = {.problem = problem};
    line.weight = TAKE(i32, problem->variants);
    line.base = TAKE(i32, problem->layers);
    i32 *found = TAKE(i32, problem->layers);
    int known = 0;
    for (i32 row = 0; row < problem->rows && !known; row++) {
        if (!weigh_by(&line, row) || !keep_rows(&line)) continue;
        f64 words = (f64)(line.high >> 6) + 1.0;
        if (words * (problem->layers + 1) * 8.0 > (f64)MOST_REACH) continue;
        if (words * problem->variants > MOST_SHIFTS) continue;
        known = first_within(&line, found) && !breaks_a_row(problem, found);
    }
    if (known) memcpy(choice, found, sizeof(i32) * (usize)problem->layers);
    release(begin);
    return known;
}
