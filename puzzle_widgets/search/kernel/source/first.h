/* Step 3: a choice within the limits at once, by repair and swaps. */

#define TINY 1e-12
#define PAIRED 80
#define PAIR_ROUNDS 6
#define STUBBORN 12           /* rounds of repair for each layer, where it must not give up */
#define WEIGHTIER 1.5

static void totals_of(const Form *form, const i32 *choice, f64 *totals) {
    for (i32 r = 0; r < form->rows; r++) {
        f64 sum = 0.0;
        for (i32 i = 0; i < form->layers; i++) sum += form->cost[r * form->variants + choice[i]];
        totals[r] = sum;
    }
}

static f64 broken_by(const Form *form, const f64 *totals, const f64 *weight) {
    f64 sum = 0.0;
    for (i32 r = 0; r < form->rows; r++)
        sum += weight[r] * most_of(0.0, totals[r] - form->limit[r]);
    return sum;
}

static void swap_in(const Form *form, i32 *choice, f64 *totals, i32 layer, i32 place) {
    i32 n = form->variants;
    for (i32 r = 0; r < form->rows; r++)
        totals[r] += form->cost[r * n + place] - form->cost[r * n + choice[layer]];
    choice[layer] = place;
}

/* Choices that are swapped towards the limits, then to better scores, a round at a time. */
enum { STAGE_REPAIR, STAGE_IMPROVE, STAGE_PAIRS, STAGE_AGAIN, STAGE_READY };

typedef struct {
    const Form *form;
    const f64 *reduced;
    i32 *choice;          /* layers: the form's places */
    i32 stage, round;
    int pairs, stubborn;  /* whether pairs are swapped, too; repair goes on where it is stuck */
    int found;            /* the choice is within the limits */
    f64 *totals, *weight; /* rows */
    i32 likely_count, *likely, *layer; /* for pairs: the likely variants and their layers */
    f64 *gain, *more, *room;
    i64 work;
    Mark begin;
} First;

/* Swap where the least reduced score is paid per unit of what is removed of broken limits; 0 where
   there is no such swap. */
static int repair(First *first, f64 broken) {
    const Form *form = first->form;
    const f64 *reduced = first->reduced, *totals = first->totals, *weight = first->weight;
    i32 n = form->variants, rows = form->rows, layer = NONE, place = NONE;
    f64 best = INF;
    for (i32 i = 0; i < form->layers; i++) {
        i32 now = first->choice[i];
        for (i32 v = form->start[i]; v < form->start[i + 1]; v++) {
            f64 left = 0.0;
            for (i32 r = 0; r < rows; r++) {
                const f64 *cost = form->cost + r * n;
                left += weight[r] * most_of(0.0, totals[r] + cost[v] - cost[now] - form->limit[r]);
            }
            f64 removed = broken - left;
            if (!(removed > TINY)) continue;
            f64 rate = most_of(reduced[v] - reduced[now], TINY) / removed;
            if (rate < best) {
                best = rate;
                layer = i;
                place = v;
            }
        }
    }
    if (layer == NONE) return 0;
    swap_in(form, first->choice, first->totals, layer, place);
    return 1;
}

/* Swap one layer's variant for the best gain, while the limits allow; 0 where nothing gains. */
static int improve(First *first) {
    const Form *form = first->form;
    const f64 *totals = first->totals;
    i32 n = form->variants, rows = form->rows, layer = NONE, place = NONE;
    f64 best = -TINY;
    for (i32 i = 0; i < form->layers; i++) {
        i32 now = first->choice[i];
        for (i32 v = form->start[i]; v < form->start[i + 1]; v++) {
            f64 gain = form->score[v] - form->score[now];
            if (!(gain < best)) continue;
            int fits = 1;
            for (i32 r = 0; r < rows && fits; r++) {
                const f64 *cost = form->cost + r * n;
                fits = totals[r] + cost[v] - cost[now] <= form->limit[r];
            }
            if (fits) {
                best = gain;
                layer = i;
                place = v;
            }
        }
    }
    if (layer == NONE) return 0;
    swap_in(form, first->choice, first->totals, layer, place);
    return 1;
}

/* The variants of the least reduced scores, in `likely`; how many. */
static i32 likely_variants(const Form *form, const f64 *reduced, i32 most, i32 *likely) {
    i32 n = form->variants, count = 0;
    Mark begin = mark();
    f64 *values = TAKE(f64, n), limit = INF;
    memcpy(values, reduced, sizeof(f64) * (usize)n);
    if (n > most) limit = ranked(values, n, most - 1);
    for (i32 v = 0; v < n && count < most; v++)
        if (reduced[v] <= limit) likely[count++] = v;
    release(begin);
    return count;
}

static void begin_pairs(First *first) {
    const Form *form = first->form;
    i32 most = fewer_of(form->layers + PAIRED, form->variants);
    first->likely = TAKE(i32, most);
    first->layer = TAKE(i32, most);
    first->gain = TAKE(f64, most);
    first->more = TAKE(f64, most * form->rows);
    first->room = TAKE(f64, form->rows);
    first->likely_count = likely_variants(form, first->reduced, most, first->likely);
    for (i32 a = 0, i = 0; a < first->likely_count; a++) {
        while (form->start[i + 1] <= first->likely[a]) i++;
        first->layer[a] = i;
    }
}

/* What each likely variant would gain, and use more. */
static void weigh_likely(First *first) {
    const Form *form = first->form;
    i32 n = form->variants, rows = form->rows;
    for (i32 r = 0; r < rows; r++) first->room[r] = form->limit[r] - first->totals[r];
    for (i32 a = 0; a < first->likely_count; a++) {
        i32 now = first->choice[first->layer[a]], v = first->likely[a];
        first->gain[a] = form->score[v] - form->score[now];
        for (i32 r = 0; r < rows; r++)
            first->more[a * rows + r] = form->cost[r * n + v] - form->cost[r * n + now];
    }
}

/* Swap two layers' variants for the best gain, among the likely ones; 0 where nothing gains. */
static int improve_by_pair(First *first) {
    i32 rows = first->form->rows, one = NONE, two = NONE;
    const f64 *gain = first->gain, *more = first->more;
    f64 best = -TINY;
    weigh_likely(first);
    for (i32 a = 0; a < first->likely_count; a++)
        for (i32 b = a + 1; b < first->likely_count; b++) {
            if (!(gain[a] + gain[b] < best) || first->layer[a] == first->layer[b]) continue;
            int fits = 1;
            for (i32 r = 0; r < rows && fits; r++)
                fits = more[a * rows + r] + more[b * rows + r] <= first->room[r];
            if (!fits) continue;
            best = gain[a] + gain[b];
            one = a;
            two = b;
        }
    if (one == NONE) return 0;
    swap_in(first->form, first->choice, first->totals, first->layer[one], first->likely[one]);
    swap_in(first->form, first->choice, first->totals, first->layer[two], first->likely[two]);
    return 1;
}

/* Begin with every layer's least reduced score. */
static void first_begin(
    First *first, const Form *form, const Bound *bound, const f64 *reduced, int pairs, int stubborn
) {
    *first = (First){
        .form = form, .reduced = reduced, .pairs = pairs, .stubborn = stubborn, .begin = mark()};
    first->choice = TAKE(i32, form->layers);
    first->totals = TAKE(f64, form->rows);
    first->weight = TAKE(f64, form->rows);
    for (i32 r = 0; r < form->rows; r++) first->weight[r] = 1.0;
    memcpy(first->choice, bound->choice, sizeof(i32) * (usize)form->layers);
    totals_of(form, first->choice, first->totals);
}

static void next_stage(First *first) {
    first->round = 0;
    first->stage++;
    if (first->stage == STAGE_PAIRS && !first->pairs) first->stage = STAGE_READY;
    if (first->stage == STAGE_PAIRS) begin_pairs(first);
}

/* Where no swap helps all broken limits together: those weigh more from now on (P. Morris, The
   breakout method for escaping from local minima, 1993). */
static void weigh_broken(First *first) {
    for (i32 r = 0; r < first->form->rows; r++)
        if (first->totals[r] > first->form->limit[r]) first->weight[r] *= WEIGHTIER;
}

/* One round of repair; a repair that fails proves nothing. */
static void repair_round(First *first) {
    f64 broken = broken_by(first->form, first->totals, first->weight);
    i32 most = (first->stubborn ? STUBBORN : 4) * first->form->layers;
    if (broken <= 0.0) {
        first->found = 1;
        next_stage(first);
    } else if (first->round++ == most) first->stage = STAGE_READY;
    else if (!repair(first, broken)) {
        if (first->stubborn) weigh_broken(first);
        else first->stage = STAGE_READY;
    }
}

/* Some more rounds; 1 at the end, where `found` says whether there is a choice. */
static int first_step(First *first, i64 until) {
    const Form *form = first->form;
    i64 pass = (i64)form->variants * (1 + form->rows);
    while (first->stage != STAGE_READY) {
        if (first->work > until) return 0;
        i64 likely = first->likely_count;
        if (first->stage == STAGE_REPAIR) repair_round(first);
        else if (first->stage == STAGE_PAIRS) {
            if (first->round++ == PAIR_ROUNDS || !improve_by_pair(first)) next_stage(first);
        } else if (first->round++ == 3 * form->layers || !improve(first)) next_stage(first);
        first->work += first->stage == STAGE_PAIRS ? pass + likely * likely : pass;
    }
    return 1;
}
