/* Merge sort of places by their keys: stable, so that equal keys keep their order. */

static void sort_places(i32 *places, i32 count, const f64 *key, i32 *spare) {
    for (i32 begin = 0; begin < count; begin += 16) {
        i32 end = fewer_of(begin + 16, count);
        for (i32 i = begin + 1; i < end; i++) {
            i32 place = places[i], j = i;
            f64 value = key[place];
            for (; j > begin && key[places[j - 1]] > value; j--) places[j] = places[j - 1];
            places[j] = place;
        }
    }
    i32 *from = places, *to = spare;
    for (i32 width = 16; width < count; width *= 2) {
        for (i32 begin = 0; begin < count; begin += 2 * width) {
            i32 middle = fewer_of(begin + width, count), end = fewer_of(begin + 2 * width, count);
            i32 left = begin, right = middle, at = begin;
            while (left < middle && right < end)
                to[at++] = key[from[right]] < key[from[left]] ? from[right++] : from[left++];
            while (left < middle) to[at++] = from[left++];
            while (right < end) to[at++] = from[right++];
        }
        i32 *swap = from;
        from = to;
        to = swap;
    }
    if (from != places) memcpy(places, from, sizeof(i32) * (usize)count);
}

/* The value that `rank` others are at most; the array is reordered. */
static f64 ranked(f64 *values, i32 count, i32 rank) {
    i32 low = 0, high = count - 1;
    while (low < high) {
        f64 pivot = values[low + (high - low) / 2];
        i32 i = low - 1, j = high + 1;
        for (;;) {
            do i++; while (values[i] < pivot);
            do j--; while (values[j] > pivot);
            if (i >= j) break;
            f64 swap = values[i];
            values[i] = values[j];
            values[j] = swap;
        }
        if (rank <= j) high = j;
        else low = j + 1;
    }
    return values[rank];
}
