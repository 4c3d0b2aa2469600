/* Scores that follow costs: the score and whole multiples of the rows, summed, may come in coarser
   steps than the score alone (w + 10 and w come in ones, their difference in tens).

   So the LP bound of that sum is rounded up to its step; less what the limits are worth, it bounds
   the score (V. Chvatal, Edmonds polytopes and a hierarchy of combinatorial problems, 1973). */

#define EXACT 0x1p50

typedef struct {
    Form form;            /* its scores: the sums above their layer's least, in the sums' own step */
    Bound bound;
    f64 base, step;       /* what 0 and 1 of them stand for, in steps of the score */
} Joint;

/* Add whole multiples of the rows to scores counted in their step, those nearest to the multipliers
   or, where `up` is 0, below them; 0 where there is none, or numbers get too large to be exact. */
static int add_rows(const Form *form, const Bound *bound, f64 up, Joint *joint) {
    i32 n = form->variants;
    f64 *sum = joint->form.score, spare = 2.0 * SAFE * form->layers * EPSILON, most = form->worst / form->step;
    int some = 0;
    for (i32 v = 0; v < n; v++) sum[v] = form->score[v] / form->step;
    for (i32 r = 0; r < form->rows; r++) {
        f64 step = form->steps[r];
        f64 times = __builtin_floor(bound->multipliers[r] * step / form->step + up);
        if (!(times > 0.0)) continue;
        const f64 *cost = form->cost + r * n;
        f64 room = form->limit[r] / step, high = 0.0;
        if (room * spare > 0.5) return 0;
        for (i32 v = 0; v < n; v++) {
            sum[v] += times * (cost[v] / step);
            high = most_of(high, cost[v] / step);
        }
        joint->base -= times * __builtin_floor(room);
        most += times * (room + high * form->layers);
        some = 1;
    }
    return some && most < EXACT;
}

/* Count the sums from the least of their layer. */
static void count_sums(Joint *joint) {
    Form *form = &joint->form;
    form->worst = 0.0;
    for (i32 i = 0; i < form->layers; i++) {
        f64 least = INF, high = 0.0;
        for (i32 v = form->start[i]; v < form->start[i + 1]; v++) least = least_of(least, form->score[v]);
        for (i32 v = form->start[i]; v < form->start[i + 1]; v++)
            high = most_of(high, form->score[v] -= least);
        joint->base += least;
        form->worst += high;
    }
}

/* The sums by given multipliers; 0 where their step is no coarser than the score's. */
static int joint_of(const Form *form, const Bound *bound, f64 up, Joint *joint) {
    if (!(form->step > 0.0)) return 0;
    i32 n = form->variants;
    Mark begin = mark();
    *joint = (Joint){.form = *form, .bound = new_bound(form)};
    joint->form.score = TAKE(f64, n);
    if (add_rows(form, bound, up, joint)) {
        count_sums(joint);
        u8 *counts = TAKE(u8, n);
        memset(counts, 1, (usize)n);
        joint->step = step_of(joint->form.score, counts, n);
    }
    if (!(joint->step > 1.0)) {
        release(begin);
        return 0;
    }
    for (i32 v = 0; v < n; v++) joint->form.score[v] /= joint->step;
    joint->form.worst = joint->form.worst / joint->step * (1 + 1e-9) + 1e-6;
    return 1;
}

/* No choice scores less, in the unit of the form that the sums were made of. */
static f64 joint_bound(const Form *form, const Joint *joint) {
    f64 rounding = rounding_of(&joint->form, &joint->bound) + 1e-12 * joint->form.worst;
    f64 whole = __builtin_ceil(joint->bound.value - rounding);
    return form->step * (joint->base + joint->step * whole);
}
