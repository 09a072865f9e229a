//! Procedural textures: value noise, cells, and blur.

/// A repeatable number in 0.0..1.0 for a lattice point.
pub(super) fn lattice(x: i32, y: i32, seed: u32) -> f32 {
    let mut h = (x as u32).wrapping_mul(0x85eb_ca6b)
        ^ (y as u32).wrapping_mul(0xc2b2_ae35)
        ^ seed.wrapping_mul(0x27d4_eb2f);
    h = (h ^ (h >> 15)).wrapping_mul(0x2c1b_3c6d);
    h = (h ^ (h >> 12)).wrapping_mul(0x297a_2d39);
    (h ^ (h >> 15)) as f32 / u32::MAX as f32
}

/// Rounds down; `f32::floor` is a library call on plain x86-64, and this is the innermost loop.
fn below(v: f32) -> i32 {
    v as i32 - i32::from(v < 0.0)
}

/// Smooth value noise in 0.0..1.0, about one feature per unit.
pub(super) fn noise(x: f32, y: f32, seed: u32) -> f32 {
    let (ix, iy) = (below(x), below(y));
    let (fx, fy) = (ix as f32, iy as f32);
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (u, v) = (ease(x - fx), ease(y - fy));
    let top = lattice(ix, iy, seed) * (1.0 - u) + lattice(ix + 1, iy, seed) * u;
    let low = lattice(ix, iy + 1, seed) * (1.0 - u) + lattice(ix + 1, iy + 1, seed) * u;
    top * (1.0 - v) + low * v
}

/// Three octaves of [`noise`].
pub(super) fn clouds(x: f32, y: f32, seed: u32) -> f32 {
    noise(x, y, seed) * 0.57
        + noise(x * 2.1 + 5.2, y * 2.1 + 1.3, seed ^ 7) * 0.29
        + noise(x * 4.3 + 2.8, y * 4.3 + 8.1, seed ^ 0xd) * 0.14
}

/// The distance to the nearest point of a jittered grid (Worley 1996), about 0.0 to 1.2 units.
pub(super) fn cells(x: f32, y: f32, seed: u32) -> f32 {
    let (ix, iy) = (below(x), below(y));
    let mut best = f32::MAX;
    for cy in iy - 1..=iy + 1 {
        for cx in ix - 1..=ix + 1 {
            let dx = cx as f32 + lattice(cx, cy, seed) - x;
            let dy = cy as f32 + lattice(cx, cy, seed ^ 0x63) - y;
            best = best.min(dx * dx + dy * dy);
        }
    }
    best.sqrt()
}

/// A single-channel picture.
pub(super) struct Field {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) values: Vec<f32>,
}

impl Field {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, values: vec![0.0; width * height] }
    }

    /// Approximates a Gaussian blur with three box blurs (Wells 1986).
    pub(super) fn blur(&mut self, sigma: f32) {
        let radius = ((sigma * 2.0).round() as usize / 2).max(1);
        let mut line = Vec::new();
        for _ in 0..3 {
            for y in 0..self.height {
                let row = &mut self.values[y * self.width..(y + 1) * self.width];
                line.clear();
                line.extend_from_slice(row);
                slide(&line, radius, |x, v| row[x] = v);
            }
            for x in 0..self.width {
                line.clear();
                line.extend(self.values.iter().skip(x).step_by(self.width));
                slide(&line, radius, |y, v| self.values[y * self.width + x] = v);
            }
        }
    }

    /// Bilinear sample; zero outside.
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        if x < 0.0 || y < 0.0 {
            return 0.0;
        }
        let (ix, iy) = (x as usize, y as usize);
        if ix + 1 >= self.width || iy + 1 >= self.height {
            return 0.0;
        }
        let i = iy * self.width + ix;
        let (u, v) = (x - ix as f32, y - iy as f32);
        let top = self.values[i] * (1.0 - u) + self.values[i + 1] * u;
        let low = self.values[i + self.width] * (1.0 - u) + self.values[i + self.width + 1] * u;
        top * (1.0 - v) + low * v
    }
}

fn slide(line: &[f32], radius: usize, mut put: impl FnMut(usize, f32)) {
    let n = line.len();
    let share = 1.0 / (2 * radius + 1) as f32;
    let mut sum: f32 = line.iter().take(radius + 1).sum();
    for i in 0..n {
        put(i, sum * share);
        sum += line.get(i + radius + 1).copied().unwrap_or(0.0);
        if i >= radius {
            sum -= line[i - radius];
        }
    }
}
