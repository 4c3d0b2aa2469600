/* Step 1: one form for every knapsack: least summed score, each row's sum at most its limit.

   Scores and costs are counted from the least of their layer, so that small differences of large
   numbers stay exact, and divided by powers of two, which changes no digit. */

#define ROUNDS 50
#define EPSILON 0x1p-52
#define SAFE 4 /* costs above the least are rounded, and so are their sums and what is left */
#define HARMLESS 1e-13
#define FAR 10.0

typedef struct {
    i32 layers, variants, rows;
    i32 *start;           /* layers + 1 */
    f64 *score;           /* variants */
    f64 *cost;            /* rows x variants */
    f64 *lower, *upper;   /* rows */
    u8 *allowed;          /* variants */
} Problem;

typedef struct {
    i32 layers, variants, rows;
    i32 *start;           /* layers + 1 */
    f64 *score;           /* variants */
    f64 *cost;            /* rows x variants, at most 1 each */
    f64 *limit;           /* rows */
    f64 *steps;           /* rows: all its costs are whole multiples; 0 where there is none */
    i32 *flat;            /* the variant's place in the problem */
    f64 *scale, *sign;    /* rows: the cost that 1 stands for; 1 for an upper limit, else -1 */
    i32 *row;             /* rows: the problem's row */
    const f64 *above;     /* of the problem's variants: score above its layer's least */
    f64 least, unit;      /* scores that 0 and 1 stand for */
    f64 step;             /* all scores are whole multiples of it; 0 where there is none */
    f64 worst;            /* no choice scores more */
    int coarse;           /* some scores are so large that others vanish beside them */
} Form;

/* One-sided rows while they are tightened. */
typedef struct {
    i32 rows, layers, variants;
    const i32 *start;
    f64 *cost, *above, *limit, *room, *step, *least, *most;
    f64 *sign;
    i32 *row;
    u8 *allowed;
} Rows;

static int every_layer_has_one(const i32 *start, const u8 *allowed, i32 layers) {
    for (i32 i = 0; i < layers; i++) {
        int some = 0;
        for (i32 v = start[i]; v < start[i + 1]; v++) some |= allowed[v];
        if (!some) return 0;
    }
    return 1;
}

static void take_rows(const Problem *problem, Rows *rows) {
    i32 n = problem->variants, most = 2 * problem->rows;
    *rows = (Rows){.layers = problem->layers, .variants = n, .start = problem->start};
    rows->cost = TAKE(f64, most * n);
    rows->above = TAKE(f64, most * n);
    rows->limit = TAKE(f64, most);
    rows->room = TAKE(f64, most);
    rows->step = TAKE(f64, most);
    rows->sign = TAKE(f64, most);
    rows->row = TAKE(i32, most);
    rows->least = TAKE(f64, most * problem->layers);
    rows->most = TAKE(f64, most * problem->layers);
    rows->allowed = TAKE(u8, n);
    memcpy(rows->allowed, problem->allowed, (usize)n);
    for (i32 side = 0; side < 2; side++)
        for (i32 q = 0; q < problem->rows; q++) {
            f64 limit = side ? -problem->lower[q] : problem->upper[q], sign = side ? -1.0 : 1.0;
            if (!finite(limit)) continue;
            i32 r = rows->rows++;
            rows->limit[r] = limit;
            rows->sign[r] = sign;
            rows->row[r] = q;
            for (i32 v = 0; v < n; v++) rows->cost[r * n + v] = sign * problem->cost[q * n + v];
        }
}

/* Least and greatest cost of each layer, costs above the least, and room; 0 where a row refutes
   all choices. */
static int measure_rows(Rows *rows) {
    i32 n = rows->variants, layers = rows->layers;
    for (i32 r = 0; r < rows->rows; r++) {
        f64 *cost = rows->cost + r * n, *above = rows->above + r * n;
        f64 *least = rows->least + r * layers, *most = rows->most + r * layers;
        for (i32 i = 0; i < layers; i++) {
            f64 low = INF, high = -INF;
            for (i32 v = rows->start[i]; v < rows->start[i + 1]; v++) {
                if (!rows->allowed[v]) continue;
                low = least_of(low, cost[v]);
                high = most_of(high, cost[v]);
            }
            least[i] = low;
            most[i] = high;
            for (i32 v = rows->start[i]; v < rows->start[i + 1]; v++)
                above[v] = rows->allowed[v] ? cost[v] - low : 0.0;
        }
        rows->room[r] = sum_of(rows->limit[r], least, layers, -1.0);
        if (rows->room[r] < 0.0) return 0;
        rows->step[r] = step_of(above, rows->allowed, n);
    }
    return 1;
}

/* Ban what breaks a row by far, even beside the least of all others. What breaks it by less stays,
   so that shadow prices tell what more budget would save. */
static int ban_breakers(Rows *rows) {
    i32 n = rows->variants;
    int changed = 0;
    for (i32 r = 0; r < rows->rows; r++)
        for (i32 v = 0; v < n; v++)
            if (rows->allowed[v] && rows->above[r * n + v] > FAR * rows->room[r]) {
                rows->allowed[v] = 0;
                changed = 1;
            }
    return changed;
}

/* Raise costs that are safe beside the greatest of all others, in rows whose numbers are so unlike
   that sums would lose digits. */
static int raise_rows(Rows *rows) {
    i32 n = rows->variants, layers = rows->layers;
    int changed = 0;
    for (i32 r = 0; r < rows->rows; r++) {
        f64 rounding = layers * EPSILON * rows->room[r];
        if (rows->step[r] != 0.0 || rounding <= HARMLESS * size_of(rows->limit[r])) continue;
        f64 *most = rows->most + r * layers;
        f64 surplus = -sum_of(rows->limit[r], most, layers, -1.0);
        if (!(surplus > 0.0)) continue;
        for (i32 i = 0; i < layers; i++) {
            /* less what it is rounded by, beside which the surplus may be small */
            f64 safe = most[i] - surplus * (1 + 1e-9) - 2 * EPSILON * (size_of(most[i]) + surplus);
            for (i32 v = rows->start[i]; v < rows->start[i + 1]; v++)
                if (rows->allowed[v] && rows->cost[r * n + v] < safe) {
                    rows->cost[r * n + v] = safe;
                    changed = 1;
                }
        }
    }
    return changed;
}

/* Limits on whole multiples of some step are rounded down to a sum that can be reached; all get as
   much as sums may be rounded by, also those of whole steps: a step may have all the digits that a
   number has. */
static f64 loosened(const Rows *rows, i32 r) {
    f64 step = rows->step[r], room = rows->room[r];
    if (step > 0.0) room = __builtin_floor(room / step * (1 + SAFE * EPSILON)) * step;
    return room * (1 + SAFE * rows->layers * EPSILON);
}

/* All of it is exact: no choice that keeps the problem's rows is lost. 0 where a layer or a row
   refutes all choices. */
static int tighten(const Problem *problem, Rows *rows) {
    take_rows(problem, rows);
    if (!every_layer_has_one(problem->start, rows->allowed, problem->layers)) return 0;
    for (i32 round = 0; round < ROUNDS; round++) {
        if (!measure_rows(rows)) return 0;
        int changed = ban_breakers(rows);
        if (changed && !every_layer_has_one(rows->start, rows->allowed, rows->layers)) return 0;
        if (!changed && !raise_rows(rows)) break;
    }
    for (i32 r = 0; r < rows->rows; r++) rows->limit[r] = loosened(rows, r);
    return 1;
}

static void form_scores(const Problem *problem, const Rows *rows, Form *form) {
    i32 n = problem->variants, tenth, last;
    f64 *above = TAKE(f64, n);
    Sum least = {.count = 0};
    for (i32 i = 0; i < problem->layers; i++) {
        f64 low = INF;
        for (i32 v = problem->start[i]; v < problem->start[i + 1]; v++)
            if (rows->allowed[v]) low = least_of(low, problem->score[v]);
        sum_add(&least, low);
        for (i32 v = problem->start[i]; v < problem->start[i + 1]; v++)
            above[v] = problem->score[v] - low;
    }
    form->least = sum_value(&least);
    form->unit = typical_of(above, rows->allowed, n, &tenth, &last);
    form->coarse = last - tenth > 20;
    form->step = step_of(above, rows->allowed, n) / form->unit;
    for (i32 v = 0; v < n; v++) above[v] /= form->unit;
    form->above = above;
}

/* Write a knapsack in this form; 0 where a layer or a row alone refutes it. */
static int form_of(const Problem *problem, Form *form) {
    Rows rows;
    if (!tighten(problem, &rows)) return 0;
    i32 n = problem->variants, layers = problem->layers, count = 0;
    *form = (Form){.layers = layers};
    form_scores(problem, &rows, form);
    form->start = TAKE(i32, layers + 1);
    form->score = TAKE(f64, n);
    form->flat = TAKE(i32, n);
    for (i32 i = 0; i < layers; i++) {
        form->start[i] = count;
        for (i32 v = problem->start[i]; v < problem->start[i + 1]; v++)
            if (rows.allowed[v]) {
                form->score[count] = form->above[v];
                form->flat[count++] = v;
            }
    }
    form->start[layers] = form->variants = count;
    form->cost = TAKE(f64, rows.rows * count);
    form->limit = TAKE(f64, rows.rows);
    form->steps = TAKE(f64, rows.rows);
    form->scale = TAKE(f64, rows.rows);
    form->sign = TAKE(f64, rows.rows);
    form->row = TAKE(i32, rows.rows);
    for (i32 r = 0; r < rows.rows; r++) {
        f64 all = 0.0, largest = 0.0, *above = rows.above + r * n;
        for (i32 i = 0; i < layers; i++) {
            f64 high = 0.0;
            for (i32 v = form->start[i]; v < form->start[i + 1]; v++)
                high = most_of(high, above[form->flat[v]]);
            all += high;
            largest = most_of(largest, high);
        }
        if (!(all > rows.limit[r])) continue; /* no choice can break it */
        i32 kept = form->rows++;
        f64 scale = power_of_two(exponent_of(largest));
        form->scale[kept] = scale;
        form->sign[kept] = rows.sign[r];
        form->row[kept] = rows.row[r];
        form->limit[kept] = rows.limit[r] / scale;
        form->steps[kept] = rows.step[r] / scale;
        for (i32 v = 0; v < count; v++) form->cost[kept * count + v] = above[form->flat[v]] / scale;
    }
    for (i32 i = 0; i < layers; i++) {
        f64 high = 0.0;
        for (i32 v = form->start[i]; v < form->start[i + 1]; v++) high = most_of(high, form->score[v]);
        form->worst += high;
    }
    form->worst = form->worst * (1 + 1e-9) + 1e-6;
    return 1;
}

/* The same knapsack with some variants only. */
static void narrow(const Form *form, const u8 *kept, Form *to) {
    i32 n = form->variants, count = 0;
    *to = *form;
    to->start = TAKE(i32, form->layers + 1);
    to->flat = TAKE(i32, n);
    i32 *from = TAKE(i32, n);
    for (i32 i = 0; i < form->layers; i++) {
        to->start[i] = count;
        for (i32 v = form->start[i]; v < form->start[i + 1]; v++)
            if (kept[v]) from[count++] = v;
    }
    to->start[form->layers] = to->variants = count;
    to->score = TAKE(f64, count);
    to->cost = TAKE(f64, form->rows * count);
    for (i32 v = 0; v < count; v++) {
        to->score[v] = form->score[from[v]];
        to->flat[v] = form->flat[from[v]];
    }
    for (i32 r = 0; r < form->rows; r++)
        for (i32 v = 0; v < count; v++) to->cost[r * count + v] = form->cost[r * n + from[v]];
}

/* Score of a choice of the problem's variants, one per layer, in the form's unit. */
static f64 total_of(const Form *form, const i32 *choice) {
    f64 total = 0.0;
    for (i32 i = 0; i < form->layers; i++) total += form->above[choice[i]];
    return total;
}

/* Whether a choice breaks a limit of the problem when it is summed exactly. */
static int breaks_a_row(const Problem *problem, const i32 *choice) {
    for (i32 q = 0; q < problem->rows; q++) {
        Sum sum = {.count = 0};
        for (i32 i = 0; i < problem->layers; i++)
            sum_add(&sum, problem->cost[q * problem->variants + choice[i]]);
        f64 total = sum_value(&sum);
        if (total > problem->upper[q] || total < problem->lower[q]) return 1;
    }
    return 0;
}

static f64 score_of(const Problem *problem, const i32 *choice) {
    Sum sum = {.count = 0};
    for (i32 i = 0; i < problem->layers; i++) sum_add(&sum, problem->score[choice[i]]);
    return sum_value(&sum);
}
