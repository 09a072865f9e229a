//! Files that no available encoder writes: odd samplings, scans of some components. Each block is flat.

use pawdium_jpeg::{Error, Scale};

use super::pictures::{SCALES, decode};

const SIZE: (usize, usize) = (131, 77);

struct Handmade {
    sampling: Vec<(usize, usize)>,
    /// The components of each scan.
    scans: Vec<Vec<usize>>,
    restart: u16,
}

/// Writes bits with byte stuffing.
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    bits: u32,
    count: u32,
}

impl Writer {
    fn put(&mut self, value: u32, count: u32) {
        for bit in (0..count).rev() {
            self.bits = self.bits << 1 | value >> bit & 1;
            self.count += 1;
            if self.count == 8 {
                self.bytes.push(self.bits as u8);
                if self.bits == 0xFF {
                    self.bytes.push(0);
                }
                (self.bits, self.count) = (0, 0);
            }
        }
    }

    fn align(&mut self) {
        while self.count > 0 {
            self.put(1, 1);
        }
    }

    /// A block with this DC difference. Sizes have codes of four bits, end-of-block one bit.
    fn block(&mut self, difference: i32) {
        let size = 32 - difference.unsigned_abs().leading_zeros();
        let value = if difference < 0 { difference + (1 << size) - 1 } else { difference };
        self.put(size, 4);
        self.put(value as u32, size);
        self.put(0, 1);
    }
}

/// The value of a block, minus 128.
fn level(component: usize, x: usize, y: usize) -> i32 {
    ((component * 50 + x * 7 + y * 13) % 200) as i32 - 100
}

impl Handmade {
    /// Blocks of a component, horizontal and vertical.
    fn blocks(&self, component: usize) -> (usize, usize) {
        let (across, down) = self.most();
        let (horizontal, vertical) = self.sampling[component];
        ((SIZE.0 * horizontal).div_ceil(8 * across), (SIZE.1 * vertical).div_ceil(8 * down))
    }

    fn most(&self) -> (usize, usize) {
        let across = self.sampling.iter().map(|sampling| sampling.0).max().unwrap();
        (across, self.sampling.iter().map(|sampling| sampling.1).max().unwrap())
    }

    fn write(&self) -> Vec<u8> {
        let mut file = vec![0xFF, 0xD8];
        let segment = |file: &mut Vec<u8>, marker: u8, contents: &[u8]| {
            file.extend([0xFF, marker, 0, contents.len() as u8 + 2]);
            file.extend(contents);
        };
        segment(&mut file, 0xDB, &[&[0][..], &[8; 64]].concat());
        let mut frame = vec![8, 0, SIZE.1 as u8, 0, SIZE.0 as u8, self.sampling.len() as u8];
        for (id, (horizontal, vertical)) in self.sampling.iter().enumerate() {
            frame.extend([id as u8, (horizontal << 4 | vertical) as u8, 0]);
        }
        segment(&mut file, 0xC0, &frame);
        let sizes: Vec<u8> = (0..12).collect();
        segment(&mut file, 0xC4, &[&[0, 0, 0, 0, 12][..], &[0; 12], &sizes[..]].concat());
        segment(&mut file, 0xC4, &[&[0x10, 1][..], &[0; 15], &[0]].concat());
        segment(&mut file, 0xDD, &self.restart.to_be_bytes());
        for scan in &self.scans {
            let mut header = vec![scan.len() as u8];
            header.extend(scan.iter().flat_map(|&component| [component as u8, 0]));
            header.extend([0, 63, 0]);
            segment(&mut file, 0xDA, &header);
            file.extend(self.entropy_coded(scan));
        }
        file.extend([0xFF, 0xD9]);
        file
    }

    fn entropy_coded(&self, scan: &[usize]) -> Vec<u8> {
        let mut writer = Writer::default();
        let (across, down) = self.most();
        let (columns, rows) = match scan {
            [component] => self.blocks(*component),
            _ => (SIZE.0.div_ceil(8 * across), SIZE.1.div_ceil(8 * down)),
        };
        let mut predictions = vec![0; self.sampling.len()];
        for mcu in 0..columns * rows {
            let restart = usize::from(self.restart);
            if mcu > 0 && restart > 0 && mcu % restart == 0 {
                writer.align();
                writer.bytes.extend([0xFF, 0xD0 + ((mcu / restart - 1) % 8) as u8]);
                predictions.fill(0);
            }
            for &component in scan {
                let (wide, high) = if scan.len() == 1 { (1, 1) } else { self.sampling[component] };
                for block in 0..wide * high {
                    let (x, y) = (mcu % columns * wide + block % wide, mcu / columns * high + block / wide);
                    let level = level(component, x, y);
                    writer.block(level - predictions[component]);
                    predictions[component] = level;
                }
            }
        }
        writer.align();
        writer.bytes
    }

    fn check(&self) {
        let file = self.write();
        for scale in SCALES {
            let components =
                decode(&file, scale).unwrap_or_else(|error| panic!("{:?}: {error}", self.sampling));
            for (component, decoded) in components.iter().enumerate() {
                let (wide, high) = self.blocks(component);
                let (plane, side) = (&decoded.plane, scale.side());
                assert_eq!((plane.width, plane.height), (wide * side, high * side));
                for (at, &sample) in plane.samples.iter().enumerate() {
                    let (x, y) = (at % plane.width / side, at / plane.width / side);
                    let expected = 128 + level(component, x, y);
                    assert_eq!(
                        i32::from(sample),
                        expected,
                        "{:?} {component} {scale:?} {x} {y}",
                        self.sampling
                    );
                }
            }
        }
    }
}

#[test]
fn samplings_can_have_any_ratio() {
    for sampling in [
        vec![(3, 1), (2, 1), (1, 1)],
        vec![(3, 2), (1, 1), (2, 1)],
        vec![(1, 4), (1, 3), (1, 2)],
        vec![(1, 1), (1, 1), (1, 1), (2, 2)],
        vec![(4, 2)],
        vec![(3, 3)],
    ] {
        let all: Vec<usize> = (0..sampling.len()).collect();
        let single = all.iter().map(|&component| vec![component]).collect();
        let backwards = all.iter().rev().map(|&component| vec![component]).collect();
        for scans in [vec![all], single, backwards] {
            for restart in [0, 1, 5] {
                Handmade { sampling: sampling.clone(), scans: scans.clone(), restart }.check();
            }
        }
    }
}

#[test]
fn interleaved_mcus_of_more_than_ten_blocks_are_refused() {
    let sampling = vec![(4, 4), (3, 3), (1, 2)];
    Handmade { sampling: sampling.clone(), scans: vec![vec![0], vec![1], vec![2]], restart: 0 }.check();
    let interleaved = Handmade { sampling, scans: vec![vec![0, 1, 2]], restart: 0 }.write();
    assert!(matches!(decode(&interleaved, Scale::Full), Err(Error::Corrupt(_))));
}

#[test]
fn a_missing_or_repeated_component_is_an_error() {
    let sampling = vec![(1, 1); 3];
    for scans in [vec![vec![0], vec![1]], vec![vec![0], vec![0], vec![1], vec![2]], vec![vec![0, 0, 1]]] {
        let file = Handmade { sampling: sampling.clone(), scans, restart: 0 }.write();
        assert!(matches!(decode(&file, Scale::Full), Err(Error::Corrupt(_))));
    }
}
