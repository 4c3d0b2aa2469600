/* Step 3: a choice within the limits at once, by repair and swaps. */

#define TINY 1e-12
#define PAIRED 80
#define PAIR_ROUNDS 6

static void totals_of(const Form *form, const i32 *choice, f64 *totals) {
    for (i32 r = 0; r < form->rows; r++) {
        f64 sum = 0.0;
        for (i32 i = 0; i < form->layers; i++) sum += form->cost[r * form->variants + choice[i]];
        totals[r] = sum;
    }
}

static f64 broken_by(const Form *form, const f64 *totals) {
    f64 sum = 0.0;
    for (i32 r = 0; r < form->rows; r++) sum += most_of(0.0, totals[r] - form->limit[r]);
    return sum;
}

static void swap_in(const Form *form, i32 *choice, f64 *totals, i32 layer, i32 place) {
    i32 n = form->variants;
    for (i32 r = 0; r < form->rows; r++)
        totals[r] += form->cost[r * n + place] - form->cost[r * n + choice[layer]];
    choice[layer] = place;
}

/* Swap where the least reduced score is paid per unit of what is removed of broken limits. */
static int repair(const Form *form, const f64 *reduced, i32 *choice, f64 *totals) {
    i32 n = form->variants, rows = form->rows;
    for (i32 round = 0; round < 4 * form->layers; round++) {
        f64 broken = broken_by(form, totals), best = INF;
        if (broken <= 0.0) return 1;
        i32 layer = NONE, place = NONE;
        for (i32 i = 0; i < form->layers; i++) {
            i32 now = choice[i];
            for (i32 v = form->start[i]; v < form->start[i + 1]; v++) {
                f64 left = 0.0;
                for (i32 r = 0; r < rows; r++) {
                    const f64 *cost = form->cost + r * n;
                    left += most_of(0.0, totals[r] + cost[v] - cost[now] - form->limit[r]);
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
        swap_in(form, choice, totals, layer, place);
    }
    return broken_by(form, totals) <= 0.0;
}

/* Swap one layer's variant at a time for the best gain, while the limits allow. */
static void improve(const Form *form, i32 *choice, f64 *totals) {
    i32 n = form->variants, rows = form->rows;
    for (i32 round = 0; round < 3 * form->layers; round++) {
        f64 best = -TINY;
        i32 layer = NONE, place = NONE;
        for (i32 i = 0; i < form->layers; i++) {
            i32 now = choice[i];
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
        if (layer == NONE) return;
        swap_in(form, choice, totals, layer, place);
    }
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

/* Swap two layers' variants at a time for the best gain, among the likely ones. */
static void improve_by_pairs(const Form *form, const f64 *reduced, i32 *choice, f64 *totals) {
    i32 n = form->variants, rows = form->rows, most = fewer_of(form->layers + PAIRED, n);
    Mark begin = mark();
    i32 *likely = TAKE(i32, most), *layer = TAKE(i32, most);
    f64 *gain = TAKE(f64, most), *more = TAKE(f64, most * rows), *room = TAKE(f64, rows);
    i32 count = likely_variants(form, reduced, most, likely);
    for (i32 a = 0, i = 0; a < count; a++) {
        while (form->start[i + 1] <= likely[a]) i++;
        layer[a] = i;
    }
    for (i32 round = 0; round < PAIR_ROUNDS; round++) {
        for (i32 r = 0; r < rows; r++) room[r] = form->limit[r] - totals[r];
        for (i32 a = 0; a < count; a++) {
            i32 now = choice[layer[a]], v = likely[a];
            gain[a] = form->score[v] - form->score[now];
            for (i32 r = 0; r < rows; r++)
                more[a * rows + r] = form->cost[r * n + v] - form->cost[r * n + now];
        }
        f64 best = -TINY;
        i32 one = NONE, two = NONE;
        for (i32 a = 0; a < count; a++)
            for (i32 b = a + 1; b < count; b++) {
                if (!(gain[a] + gain[b] < best) || layer[a] == layer[b]) continue;
                int fits = 1;
                for (i32 r = 0; r < rows && fits; r++)
                    fits = more[a * rows + r] + more[b * rows + r] <= room[r];
                if (!fits) continue;
                best = gain[a] + gain[b];
                one = a;
                two = b;
            }
        if (one == NONE) break;
        swap_in(form, choice, totals, layer[one], likely[one]);
        swap_in(form, choice, totals, layer[two], likely[two]);
    }
    release(begin);
}

/* Begin with every layer's least reduced score; 0 where the repair fails, which proves nothing. */
static int first_choice(
    const Form *form, const Bound *bound, const f64 *reduced, int pairs, i32 *choice
) {
    Mark begin = mark();
    f64 *totals = TAKE(f64, form->rows);
    memcpy(choice, bound->choice, sizeof(i32) * (usize)form->layers);
    totals_of(form, choice, totals);
    int found = repair(form, reduced, choice, totals);
    if (found) improve(form, choice, totals);
    if (found && pairs) {
        improve_by_pairs(form, reduced, choice, totals);
        improve(form, choice, totals);
    }
    release(begin);
    return found;
}
