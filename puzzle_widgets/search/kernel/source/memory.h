/* Memory as a stack: what was taken after a mark goes when the mark is released.

   In WebAssembly it is the module's own memory, which grows by pages. A native build, made for
   tests, takes each piece from malloc, so that a sanitizer sees every step beyond one. */

#define MOST_MEMORY ((usize)144 << 20)

typedef usize Mark;

#ifdef __wasm__

#define MOST_ADDRESS 0xffff0000u
extern u8 __heap_base;
static usize memory_used;

static usize memory_now(void) { return memory_used; }

static void *take(u64 bytes) {
    usize begin = (usize)&__heap_base + memory_used;
    begin = (begin + 15) & ~(usize)15;
    u64 end = begin + bytes, there = (u64)__builtin_wasm_memory_size(0) << 16;
    if (end > MOST_ADDRESS) __builtin_trap();
    if (end > there) {
        usize more = (usize)((end - there + 0xffff) >> 16);
        if (more < 16) more = 16;
        if (__builtin_wasm_memory_grow(0, more) == (usize)-1) __builtin_trap();
    }
    memory_used = (usize)end - (usize)&__heap_base;
    return (void *)begin;
}

static Mark mark(void) { return memory_used; }
static void release(Mark to) { memory_used = to; }

#else

void *malloc(usize bytes);
void free(void *piece);
#define MOST_PIECES 4000000
static void *pieces[MOST_PIECES];
static usize piece_bytes[MOST_PIECES];
static usize piece_count, bytes_now;

static usize memory_now(void) { return bytes_now; }

static void *take(u64 bytes) {
    if (piece_count == MOST_PIECES) __builtin_trap();
    void *piece = malloc(bytes ? bytes : 1);
    piece_bytes[piece_count] = bytes;
    pieces[piece_count++] = piece;
    bytes_now += bytes;
    return piece;
}

static Mark mark(void) { return piece_count; }

static void release(Mark to) {
    while (piece_count > to) {
        bytes_now -= piece_bytes[--piece_count];
        free(pieces[piece_count]);
    }
}

#endif

#define TAKE(type, count) ((type *)take(sizeof(type) * (u64)(count)))

static int room_for(usize bytes) { return memory_now() + bytes <= MOST_MEMORY; }
