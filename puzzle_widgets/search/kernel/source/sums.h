/* Exact sums of floating-point numbers, and what numbers have in common.

   A sum is kept as numbers that do not overlap (J. R. Shewchuk, Adaptive precision floating-point
   arithmetic, 1997) and rounded once, so that it does not depend on the order of adding. */

#define MOST_PARTS 48

typedef struct {
    f64 part[MOST_PARTS];
    i32 count;
} Sum;

static void sum_add(Sum *sum, f64 x) {
    i32 kept = 0;
    for (i32 i = 0; i < sum->count; i++) {
        f64 y = sum->part[i];
        if (size_of(x) < size_of(y)) {
            f64 swap = x;
            x = y;
            y = swap;
        }
        f64 high = x + y, low = y - (high - x);
        if (low != 0.0) sum->part[kept++] = low;
        x = high;
    }
    if (kept < MOST_PARTS) sum->part[kept++] = x;
    sum->count = kept;
}

static f64 sum_value(const Sum *sum) {
    i32 n = sum->count;
    if (n == 0) return 0.0;
    f64 high = sum->part[--n], low = 0.0;
    while (n > 0 && low == 0.0) {
        f64 x = high, y = sum->part[--n];
        high = x + y;
        low = y - (high - x);
    }
    /* Half-way cases go by the sign of what is still below. */
    if (n > 0 && ((low < 0.0 && sum->part[n - 1] < 0.0) || (low > 0.0 && sum->part[n - 1] > 0.0))) {
        f64 twice = low * 2.0, x = high + twice;
        if (twice == x - high) high = x;
    }
    return high;
}

static f64 sum_of(f64 first, const f64 *others, i32 count, f64 sign) {
    Sum sum = {.count = 0};
    sum_add(&sum, first);
    for (i32 i = 0; i < count; i++) sum_add(&sum, sign * others[i]);
    return sum_value(&sum);
}

/* The largest step of which all numbers are whole multiples; 0 where there is none to speak of. */
static f64 step_of(const f64 *values, const u8 *counts, i32 count) {
    f64 largest = 0.0;
    for (i32 i = 0; i < count; i++)
        if (counts[i] && values[i] > largest) largest = values[i];
    if (!(largest > 0.0) || !finite(largest)) return 0.0;
    i32 shift = 52 - exponent_of(largest);
    if (shift > 1000 || shift < -1000) return 0.0;
    f64 scale = power_of_two(shift);
    i64 common = 0;
    for (i32 i = 0; i < count; i++) {
        if (!counts[i] || values[i] == 0.0) continue;
        f64 scaled = values[i] * scale;
        i64 whole = (i64)scaled;
        if (whole == 0 || (f64)whole != scaled) return 0.0;
        if (common == 0) common = whole;
        while (whole % common) {
            i64 rest = whole % common;
            whole = common;
            common = rest;
        }
        if ((f64)common < 0x1p-40 * largest * scale) return 0.0;
    }
    return (f64)common / scale;
}

/* Exponent of the number that stands at a share of the positive ones, by rising size; of two
   middle ones the mean's. */
static f64 typical_of(const f64 *values, const u8 *counts, i32 count, i32 *tenth, i32 *last) {
    i32 *bins = TAKE(i32, 2200), positive = 0;
    memset(bins, 0, sizeof(i32) * 2200);
    for (i32 i = 0; i < count; i++)
        if (counts[i] && values[i] > 0.0 && finite(values[i])) {
            bins[exponent_of(values[i]) + 1100]++;
            positive++;
        }
    *tenth = *last = 0;
    if (!positive) return 1.0;
    i32 below = 0, lower = NONE, upper = NONE;
    i32 first = (positive - 1) / 2, second = positive / 2;
    int tenth_known = 0;
    for (i32 bin = 0; bin < 2200; bin++) {
        if (!bins[bin]) continue;
        i32 to = below + bins[bin];
        if (!tenth_known && to > positive / 10) {
            *tenth = bin - 1100;
            tenth_known = 1;
        }
        if (lower == NONE && to > first) lower = bin;
        if (upper == NONE && to > second) upper = bin;
        *last = bin - 1100;
        below = to;
    }
    if (lower == upper) return power_of_two(lower - 1100);
    /* The two middle numbers have different exponents: the greatest of one bin, the least of the
       other. */
    f64 one = 0.0, two = INF;
    for (i32 i = 0; i < count; i++)
        if (counts[i] && values[i] > 0.0 && finite(values[i])) {
            i32 bin = exponent_of(values[i]) + 1100;
            if (bin == lower) one = most_of(one, values[i]);
            if (bin == upper) two = least_of(two, values[i]);
        }
    return power_of_two(exponent_of((one + two) / 2));
}
