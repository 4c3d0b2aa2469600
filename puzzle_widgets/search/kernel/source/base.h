/* Numbers, memory and sorting: all that the kernel needs, as it has no library beneath it. */

typedef double f64;
typedef int i32;
typedef long long i64;
typedef unsigned long long u64;
typedef unsigned char u8;
typedef __SIZE_TYPE__ usize;

#define INF __builtin_inf()
#define NONE (-1)

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name)))
#else
#define EXPORT(name) __attribute__((visibility("default")))
#endif

static inline f64 least_of(f64 a, f64 b) { return a < b ? a : b; }
static inline f64 most_of(f64 a, f64 b) { return a > b ? a : b; }
static inline i32 fewer_of(i32 a, i32 b) { return a < b ? a : b; }
static inline i32 more_of(i32 a, i32 b) { return a > b ? a : b; }
static inline f64 size_of(f64 a) { return __builtin_fabs(a); }
static inline int finite(f64 a) { return size_of(a) < INF; }

static inline u64 bits_of(f64 a) {
    union { f64 number; u64 bits; } both = {.number = a};
    return both.bits;
}

static inline f64 number_of(u64 bits) {
    union { u64 bits; f64 number; } both = {.bits = bits};
    return both.number;
}

/* Exponent e of a positive finite number: 2^(e-1) <= a < 2^e. */
static i32 exponent_of(f64 a) {
    i32 raised = 0;
    if (a < 0x1p-1022) {
        a *= 0x1p64;
        raised = 64;
    }
    return (i32)(bits_of(a) >> 52 & 0x7ff) - 1022 - raised;
}

/* 2^exponent; it may be too small or too large for a normal number. */
static f64 power_of_two(i32 exponent) {
    if (exponent > 1023) return exponent > 1100 ? INF : power_of_two(exponent - 64) * 0x1p64;
    if (exponent < -1022) return exponent < -1100 ? 0.0 : power_of_two(exponent + 64) * 0x1p-64;
    return number_of((u64)(exponent + 1023) << 52);
}

void *memset(void *to, int value, usize count);
void *memcpy(void *to, const void *from, usize count);

#ifdef __wasm__
void *memset(void *to, int value, usize count) {
    u8 *at = to;
    while (count--) *at++ = (u8)value;
    return to;
}

void *memcpy(void *to, const void *from, usize count) {
    u8 *at = to;
    const u8 *source = from;
    while (count--) *at++ = *source++;
    return to;
}
#endif
