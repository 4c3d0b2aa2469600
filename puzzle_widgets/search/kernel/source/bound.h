/* Step 2: the Lagrangian bound and its best multipliers.

   With a multiplier for each limit, the sum of every layer's least priced score less what the
   limits are worth is at most the score of any choice within the limits; its maximum is the LP
   bound (Kellerer, Pferschy, Pisinger, Knapsack Problems, ch. 11). It is found by column
   generation: choices met so far are the columns of a small LP whose duals are the next
   multipliers, pulled towards the best ones known (P. Wentges, Weighted Dantzig-Wolfe
   decomposition, 1997). Any multipliers give a true bound, so stopping early costs quality only. */

#define COLUMNS 640           /* at least; twice a basis where there are many rows */
#define PULLED 0.35
#define PIVOTS 400
#define ROUNDING 1e-10
#define LAST_DIGITS 1e-15

typedef struct {
    f64 *multipliers;     /* rows */
    f64 value;
    i32 *choice;          /* layers: the least priced variants, in the form's places */
} Bound;

typedef struct {
    i32 rows, columns, most, pivots; /* pivots of the solution under way */
    f64 *use;             /* columns x rows: use less the limit */
    f64 *score;           /* columns */
    i32 *basis;           /* rows + 1: a column, or -1 - row for the row's slack */
    f64 *inverse;         /* (rows + 1) x (rows + 1) */
    f64 *amount, *dual, *entering; /* rows + 1 */
} Master;

/* A climb under way. */
typedef struct {
    const Form *form;
    Bound *bound;
    f64 tolerance, cap, pulled;
    i64 most_work;
    f64 *priced, *use, *at;
    i32 *choice, asked, most;
    Master master;
    i64 work;             /* sums made */
    Mark begin;
} Climb;

/* Four sums at once, which processors add side by side. */
static f64 product_of(const f64 *a, const f64 *b, i32 count) {
    f64 one = 0.0, two = 0.0, three = 0.0, four = 0.0;
    i32 i = 0;
    for (; i + 4 <= count; i += 4) {
        one += a[i] * b[i];
        two += a[i + 1] * b[i + 1];
        three += a[i + 2] * b[i + 2];
        four += a[i + 3] * b[i + 3];
    }
    for (; i < count; i++) one += a[i] * b[i];
    return (one + two) + (three + four);
}

/* The bound at given multipliers, the choice that gives it, and that choice's use and score. */
static f64 bound_at(
    const Form *form, const f64 *multipliers, f64 *priced, i32 *choice, f64 *use, f64 *score
) {
    i32 n = form->variants, rows = form->rows;
    memcpy(priced, form->score, sizeof(f64) * (usize)n);
    for (i32 r = 0; r < rows; r++) {
        f64 price = multipliers[r];
        const f64 *cost = form->cost + r * n;
        if (price != 0.0)
            for (i32 v = 0; v < n; v++) priced[v] += price * cost[v];
    }
    f64 value = 0.0, scores = 0.0;
    for (i32 i = 0; i < form->layers; i++) {
        i32 best = form->start[i];
        f64 least = priced[best];
        for (i32 v = best + 1; v < form->start[i + 1]; v++)
            if (priced[v] < least) {
                least = priced[v];
                best = v;
            }
        value += least;
        scores += form->score[best];
        choice[i] = best;
    }
    for (i32 r = 0; r < rows; r++) {
        const f64 *cost = form->cost + r * n;
        f64 sum = 0.0;
        for (i32 i = 0; i < form->layers; i++) sum += cost[choice[i]];
        use[r] = sum - form->limit[r];
        value -= multipliers[r] * form->limit[r];
    }
    *score = scores;
    return value;
}

static void master_begin(Master *master, const Form *form, f64 cap) {
    i32 rows = form->rows, size = rows + 1;
    *master = (Master){.rows = rows, .most = more_of(COLUMNS, 2 * size)};
    master->use = TAKE(f64, master->most * rows);
    master->score = TAKE(f64, master->most);
    master->basis = TAKE(i32, size);
    master->inverse = TAKE(f64, size * size);
    master->amount = TAKE(f64, size);
    master->dual = TAKE(f64, size);
    master->entering = TAKE(f64, size);
    memset(master->inverse, 0, sizeof(f64) * (usize)(size * size));
    /* An invented choice that uses nothing, and scores as badly as any. */
    master->columns = 1;
    master->score[0] = cap;
    for (i32 r = 0; r < rows; r++) {
        master->use[r] = -form->limit[r];
        master->basis[r] = -1 - r;
        master->inverse[r * size + r] = 1.0;
        master->inverse[r * size + rows] = form->limit[r];
        master->amount[r] = form->limit[r];
    }
    master->basis[rows] = 0;
    master->inverse[rows * size + rows] = 1.0;
    master->amount[rows] = 1.0;
}

static void master_duals(Master *master) {
    i32 size = master->rows + 1;
    for (i32 r = 0; r < size; r++) master->dual[r] = 0.0;
    for (i32 i = 0; i < size; i++) {
        if (master->basis[i] < 0) continue;
        f64 score = master->score[master->basis[i]];
        for (i32 r = 0; r < size; r++) master->dual[r] += score * master->inverse[i * size + r];
    }
}

/* The column or slack that lowers the master's score most per unit; NONE - columns.. as a basis
   names it. */
static i32 master_enters(const Master *master, int *some) {
    i32 rows = master->rows, best = 0;
    f64 least = -1e-10;
    *some = 0;
    for (i32 k = 0; k < master->columns; k++) {
        f64 reduced = master->score[k] - master->dual[rows];
        reduced -= product_of(master->dual, master->use + k * rows, rows);
        if (reduced < least * (1.0 + size_of(master->score[k]) * 1e-3)) {
            least = reduced;
            best = k;
            *some = 1;
        }
    }
    for (i32 r = 0; r < rows; r++)
        if (-master->dual[r] < least) {
            least = -master->dual[r];
            best = -1 - r;
            *some = 1;
        }
    return best;
}

static int master_pivot(Master *master, i32 enters) {
    i32 rows = master->rows, size = rows + 1, leaves = NONE;
    f64 *entering = master->entering, shortest = INF;
    for (i32 i = 0; i < size; i++) {
        const f64 *line = master->inverse + i * size;
        f64 sum = 0.0;
        if (enters < 0) sum = line[-1 - enters];
        else sum = line[rows] + product_of(line, master->use + enters * rows, rows);
        entering[i] = sum;
        if (sum > 1e-9) {
            f64 ratio = most_of(master->amount[i], 0.0) / sum;
            if (ratio < shortest || (ratio == shortest && sum > entering[leaves])) {
                shortest = ratio;
                leaves = i;
            }
        }
    }
    if (leaves == NONE) return 0;
    f64 pivot = entering[leaves], *lead = master->inverse + leaves * size;
    for (i32 r = 0; r < size; r++) lead[r] /= pivot;
    master->amount[leaves] = shortest;
    for (i32 i = 0; i < size; i++) {
        if (i == leaves || entering[i] == 0.0) continue;
        f64 factor = entering[i], *line = master->inverse + i * size;
        for (i32 r = 0; r < size; r++) line[r] -= factor * lead[r];
        master->amount[i] -= factor * shortest;
    }
    master->basis[leaves] = enters;
    return 1;
}

/* Some more pivots; 1 when the master is solved. */
static int master_solve(Master *master, i64 *work, i64 until) {
    i64 size = master->rows + 1;
    for (; master->pivots < PIVOTS; master->pivots++) {
        if (*work > until) return 0;
        int some;
        *work += 1 + (3 * size * size + master->columns * size) / 4;
        master_duals(master);
        i32 enters = master_enters(master, &some);
        if (!some || !master_pivot(master, enters)) break;
    }
    if (master->pivots == PIVOTS) master_duals(master);
    master->pivots = 0;
    return 1;
}

/* Forget columns outside the basis when there is no place for more. */
static void master_forget(Master *master) {
    i32 rows = master->rows, kept = 1;
    for (i32 k = 1; k < master->columns; k++) {
        int basic = 0;
        for (i32 i = 0; i <= rows; i++) basic |= master->basis[i] == k;
        if (!basic) continue;
        for (i32 i = 0; i <= rows; i++)
            if (master->basis[i] == k) master->basis[i] = kept;
        master->score[kept] = master->score[k];
        memcpy(master->use + kept * rows, master->use + k * rows, sizeof(f64) * (usize)rows);
        kept++;
    }
    master->columns = kept;
}

static void master_add(Master *master, const f64 *use, f64 score) {
    if (master->columns == master->most) master_forget(master);
    i32 k = master->columns++;
    master->score[k] = score;
    memcpy(master->use + k * master->rows, use, sizeof(f64) * (usize)master->rows);
}

/* Share of the invented choice in the master's answer: above 0, its score was too low. */
static f64 master_invented(const Master *master) {
    for (i32 i = 0; i <= master->rows; i++)
        if (master->basis[i] == 0) return master->amount[i];
    return 0.0;
}

static f64 ask(Climb *climb, const f64 *multipliers, i32 *choice, f64 *score) {
    const Form *form = climb->form;
    climb->work += (i64)form->variants * (1 + form->rows);
    return bound_at(form, multipliers, climb->priced, choice, climb->use, score);
}

/* Climb to good multipliers. `bound` holds those to begin with where `warm`. It ends when the bound
   is within `tolerance` of its maximum, or proves that no choice is within the limits; any multipliers
   give a bound, so `bound` tells a true one after every step. */
static void climb_begin(
    Climb *climb, const Form *form, Bound *bound, int warm, f64 tolerance, i32 most
) {
    i32 rows = form->rows;
    *climb = (Climb){
        .most_work = (i64)1 << 62, .form = form, .bound = bound, .tolerance = tolerance, .cap = form->worst + 1.0,
        .most = rows ? most : 0, .begin = mark()};
    climb->priced = TAKE(f64, form->variants);
    climb->use = TAKE(f64, rows);
    climb->at = TAKE(f64, rows);
    climb->choice = TAKE(i32, form->layers);
    f64 score;
    if (!warm)
        for (i32 r = 0; r < rows; r++) bound->multipliers[r] = 0.0;
    bound->value = ask(climb, bound->multipliers, bound->choice, &score);
    if (!finite(bound->value)) { /* prices out of all proportion tell nothing */
        for (i32 r = 0; r < rows; r++) bound->multipliers[r] = 0.0;
        bound->value = ask(climb, bound->multipliers, bound->choice, &score);
    }
    if (!rows) return;
    master_begin(&climb->master, form, climb->cap);
    master_add(&climb->master, climb->use, score);
}

/* A larger score for the invented choice that the master still uses; 0 where that ends it. */
static int raise_cap(Climb *climb) {
    if (master_invented(&climb->master) <= 1e-12) return 0;
    if (climb->cap > 1e12 * (climb->form->worst + 1.0)) return 0;
    climb->cap *= 8.0;
    climb->master.score[0] = climb->cap;
    return 1;
}

/* Evaluate near the master's duals, and give it what is found; 0 where that ends the climb. */
static int climb_on(Climb *climb) {
    Master *master = &climb->master;
    Bound *bound = climb->bound;
    i32 rows = climb->form->rows;
    f64 score, pulled = climb->pulled;
    for (i32 r = 0; r < rows; r++)
        climb->at[r] = most_of(0.0, pulled * bound->multipliers[r] - (1.0 - pulled) * master->dual[r]);
    f64 value = ask(climb, climb->at, climb->choice, &score);
    climb->asked++;
    f64 reduced = score - master->dual[rows];
    for (i32 r = 0; r < rows; r++) reduced -= master->dual[r] * climb->use[r];
    climb->pulled = reduced < -1e-9 && rows > 1 && climb->asked > 2 ? PULLED : 0.0;
    if (value > bound->value) {
        bound->value = value;
        memcpy(bound->multipliers, climb->at, sizeof(f64) * (usize)rows);
        memcpy(bound->choice, climb->choice, sizeof(i32) * (usize)climb->form->layers);
    } else if (reduced >= -1e-12 && climb->pulled == 0.0 && climb->asked > 2)
        return 0; /* the master's answer is as good as it gets */
    master_add(master, climb->use, score);
    return 1;
}

/* Some more of it; 1 at the end, when its memory is free again. */
static int climb_step(Climb *climb, i64 until) {
    Bound *bound = climb->bound;
    while (climb->asked < climb->most && bound->value <= climb->form->worst) {
        if (climb->work > climb->most_work) break;
        if (!master_solve(&climb->master, &climb->work, until)) return 0;
        int near = climb->master.dual[climb->form->rows] - bound->value <= climb->tolerance;
        if (near ? !raise_cap(climb) : !climb_on(climb)) break;
    }
    release(climb->begin);
    return 1;
}

static Bound new_bound(const Form *form) {
    Bound bound = {.multipliers = TAKE(f64, form->rows), .choice = TAKE(i32, form->layers)};
    for (i32 r = 0; r < form->rows; r++) bound.multipliers[r] = 0.0;
    return bound;
}

/* Reduced score of each variant: what it adds to the bound. */
static void reduce(const Form *form, const Bound *bound, f64 *reduced) {
    i32 n = form->variants;
    memcpy(reduced, form->score, sizeof(f64) * (usize)n);
    for (i32 r = 0; r < form->rows; r++)
        for (i32 v = 0; v < n; v++) reduced[v] += bound->multipliers[r] * form->cost[r * n + v];
    for (i32 i = 0; i < form->layers; i++) {
        f64 least = INF;
        for (i32 v = form->start[i]; v < form->start[i + 1]; v++) least = least_of(least, reduced[v]);
        for (i32 v = form->start[i]; v < form->start[i + 1]; v++) reduced[v] -= least;
    }
}

/* Difference that rounding can make in an excess: large where multipliers are. */
static f64 rounding_of(const Form *form, const Bound *bound) {
    i32 n = form->variants;
    f64 sum = 0.0;
    for (i32 r = 0; r < form->rows; r++) {
        f64 largest = size_of(form->limit[r]);
        for (i32 i = 0; i < form->layers; i++) {
            f64 high = 0.0;
            for (i32 v = form->start[i]; v < form->start[i + 1]; v++)
                high = most_of(high, form->cost[r * n + v]);
            largest += high;
        }
        sum += bound->multipliers[r] * largest;
    }
    return ROUNDING + LAST_DIGITS * sum;
}

/* No choice within the limits has a larger excess: largest reduced scores, every budget unused. */
static f64 greatest_excess(const Form *form, const Bound *bound, const f64 *reduced) {
    i32 n = form->variants;
    f64 sum = 0.0;
    for (i32 i = 0; i < form->layers; i++) {
        f64 high = 0.0;
        for (i32 v = form->start[i]; v < form->start[i + 1]; v++) high = most_of(high, reduced[v]);
        sum += high;
    }
    for (i32 r = 0; r < form->rows; r++) {
        f64 unused = form->limit[r];
        for (i32 i = 0; i < form->layers; i++) {
            f64 low = INF;
            for (i32 v = form->start[i]; v < form->start[i + 1]; v++)
                low = least_of(low, form->cost[r * n + v]);
            unused -= low;
        }
        sum += bound->multipliers[r] * unused;
    }
    return sum * (1 + ROUNDING) + ROUNDING;
}
