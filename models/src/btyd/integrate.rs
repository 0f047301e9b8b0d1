//! The two integrals that have no closed form. Both sum positive numbers only, so nothing cancels.

/// Nodes and weights of the Gauss-Legendre rule with 16 nodes on -1..1, the positive half.
const LEGENDRE: [(f64, f64); 8] = [
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_5),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_6),
    (0.458_016_777_657_227_37, 0.169_156_519_395_002_54),
    (0.617_876_244_402_643_7, 0.149_595_988_816_576_73),
    (0.755_404_408_355_003, 0.124_628_971_255_533_88),
    (0.865_631_202_387_831_7, 0.095_158_511_682_492_78),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_894),
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_096),
];

/// `(1 + s/a)^-p (1 + s/c)^-q` for `s >= 0`, all four above 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decay {
    pub(super) a: f64,
    pub(super) p: f64,
    pub(super) c: f64,
    pub(super) q: f64,
}

/// Where the integrand has fallen to `e^-NEGLIGIBLE` of its first value, the rest is left out.
const NEGLIGIBLE: f64 = 40.0;

impl Decay {
    /// The integral over `0..end`, to about 1e-13 of itself.
    pub(super) fn integral(&self, end: f64) -> f64 {
        let mut sum = 0.0;
        self.visit(end, |_, part| sum += part);
        sum
    }

    /// Calls `visitor(s, part)` for nodes `s` of the integral over `0..end`; the parts add up to it.
    ///
    /// With `m` the smaller of `a` and `c` and `s = m (e^w - 1)`, the integrand's logarithm is concave in `w` and analytic
    /// within pi of the real line, so panels that are short in `w` and over which it falls little are exact to rounding.
    pub(super) fn visit(&self, end: f64, mut visitor: impl FnMut(f64, f64)) {
        let scale = self.a.min(self.c);
        let log = |s: f64, w: f64| w - self.p * libm::log1p(s / self.a) - self.q * libm::log1p(s / self.c);
        let mut length = libm::log1p(end / scale);
        let mut fall = -log(end, length);
        if fall > NEGLIGIBLE {
            let (mut low, mut high) = (0.0, length);
            while fall > NEGLIGIBLE + 8.0 {
                let middle = 0.5 * (low + high);
                let found = -log(scale * libm::expm1(middle), middle);
                if found < NEGLIGIBLE {
                    low = middle;
                } else {
                    (high, fall) = (middle, found);
                }
                if high - low <= 1e-3 * high {
                    break;
                }
            }
            length = high;
        }
        let panels = (length / 1.5).max(fall.min(NEGLIGIBLE + 8.0) / 16.0).ceil().max(1.0);
        let half = 0.5 * length / panels;
        for panel in 0..panels as u32 {
            let middle = (2.0 * f64::from(panel) + 1.0) * half;
            for (node, weight) in LEGENDRE {
                for w in [middle - half * node, middle + half * node] {
                    let s = scale * libm::expm1(w);
                    visitor(s, half * weight * scale * libm::exp(log(s, w)));
                }
            }
        }
    }
}

/// The mean of `f(p)` over a beta distribution of `p` with shapes `a` and `b`, to about 1e-10 of itself or 1e-15. `f` is positive and
/// does not rise, changes over factors of `p`, and turns from flat to falling near `p = 1 / turn`.
///
/// Trapezoidal rule in `v`, where `log(p / (1 - p)) = centre + spread sinh(v)`: in log-odds the density falls exponentially on
/// both sides, however small the shapes, and in `v` it falls faster than that, for which the rule converges exponentially
/// (Takahasi and Mori 1974). `centre` and `spread` keep the steps small between where the density lies and where `f` turns.
pub(super) fn beta_mean(a: f64, b: f64, turn: f64, f: impl Fn(f64) -> f64) -> f64 {
    let deviation = (1.0 / a + 1.0 / b).sqrt();
    let bulk = libm::log(a.max(1.0) / b.max(1.0));
    let turning = (-libm::log1p(turn)).clamp(bulk - 10.0 * deviation - 800.0 / a, bulk + 10.0 * deviation + 800.0 / b);
    let grain = deviation.min(1.0);
    let (centre, spread) = (0.5 * (bulk + turning), 0.5 * (bulk - turning).abs() + 2.0 * grain);
    let step = STEP * grain / spread;
    let mode = libm::log(a / b);
    let at = |log_odds: f64| {
        let odds = libm::exp(-log_odds.abs());
        let rest = libm::log1p(odds);
        let p = if log_odds > 0.0 { 1.0 } else { odds } / (1.0 + odds);
        (p, -a * ((-log_odds).max(0.0) + rest) - b * (log_odds.max(0.0) + rest))
    };
    let (_, peak) = at(mode);
    let growth = libm::exp(step);
    let (mut total, mut sum) = (0.0, 0.0);
    for direction in [1.0, -1.0] {
        let mut e = if direction > 0.0 { 1.0 } else { growth };
        loop {
            let log_odds = centre + direction * spread * 0.5 * (e - 1.0 / e);
            let (p, log_density) = at(log_odds);
            let weight = libm::exp(log_density - peak) * (e + 1.0 / e);
            let part = weight * f(p.max(LEAST));
            (total, sum) = (total + weight, sum + part);
            let beyond = |place: f64| (log_odds - place) * direction > 0.0;
            if beyond(mode) && beyond(turning) && weight <= LAST * total && part <= LAST * sum {
                break;
            }
            e *= growth;
        }
    }
    sum / total
}

/// The step of the trapezoidal rule near the centre, in standard deviations of the log-odds but at most in log-odds.
const STEP: f64 = 0.25;

/// A node that adds less than this part is the last on its side.
const LAST: f64 = 1e-17;

/// Below this, `f` is flat; far above where its parts underflow.
const LEAST: f64 = 1e-200;
