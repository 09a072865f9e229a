//! The metadata that cameras write and that published photos must not contain.

use super::random::Dice;

/// A camera's metadata for one photo.
#[derive(Clone, Debug)]
pub(super) struct Shot {
    pub(super) make: &'static str,
    pub(super) model: &'static str,
    /// `YYYY:MM:DD HH:MM:SS`.
    pub(super) taken: String,
    /// Degrees north and east.
    pub(super) place: Option<(f64, f64)>,
    /// 1 to 8, as in the EXIF standard's tag 0x0112.
    pub(super) orientation: u8,
    pub(super) big_endian: bool,
}

impl Shot {
    pub(super) fn throw(dice: &mut Dice, orientation: u8) -> Self {
        const CAMERAS: [(&str, &str); 4] = [
            ("Pawtograph", "Snoot 5"),
            ("Bleptar", "Compact Mk II"),
            ("Pawtograph", "Boop X"),
            ("Wigglon", "W-80"),
        ];
        let (make, model) = dice.pick(&CAMERAS);
        let mut two = |low: usize, count: usize| low + dice.below(count);
        let taken = format!(
            "{}:{:02}:{:02} {:02}:{:02}:{:02}",
            two(2021, 5),
            two(1, 12),
            two(1, 28),
            two(7, 14),
            two(0, 60),
            two(0, 60)
        );
        // In the Gulf of Guinea, where nobody lives.
        let place = dice
            .chance(0.7)
            .then(|| (f64::from(dice.between(-2.0, 2.0)), f64::from(dice.between(-4.0, 4.0))));
        Self { make, model, taken, place, orientation, big_endian: dice.chance(0.5) }
    }

    /// A TIFF structure in EXIF 2.3 layout, without the leading `Exif\0\0`.
    pub(super) fn tiff(&self) -> Vec<u8> {
        let mut tiff = Tiff { big: self.big_endian, bytes: Vec::new() };
        tiff.bytes.extend(if self.big_endian { b"MM" } else { b"II" });
        tiff.short(42);
        tiff.long(8);
        let mut main = vec![
            (0x010f, Value::Text(self.make.into())),
            (0x0110, Value::Text(self.model.into())),
            (0x0112, Value::Short(u16::from(self.orientation))),
            (0x0132, Value::Text(self.taken.clone())),
            (0x8769, Value::Directory(vec![(0x9003, Value::Text(self.taken.clone()))])),
        ];
        if let Some((north, east)) = self.place {
            let letter =
                |positive: bool, yes: &str, no: &str| Value::Text(if positive { yes } else { no }.into());
            main.push((
                0x8825,
                Value::Directory(vec![
                    (0x0001, letter(north >= 0.0, "N", "S")),
                    (0x0002, Value::Degrees(north.abs())),
                    (0x0003, letter(east >= 0.0, "E", "W")),
                    (0x0004, Value::Degrees(east.abs())),
                ]),
            ));
        }
        tiff.directory(&main);
        tiff.bytes
    }
}

enum Value {
    Text(String),
    Short(u16),
    /// Degrees, minutes and seconds as three fractions.
    Degrees(f64),
    Directory(Vec<(u16, Value)>),
}

struct Tiff {
    big: bool,
    bytes: Vec<u8>,
}

impl Tiff {
    fn short(&mut self, v: u16) {
        self.bytes.extend(if self.big { v.to_be_bytes() } else { v.to_le_bytes() });
    }

    fn long(&mut self, v: u32) {
        self.bytes.extend(if self.big { v.to_be_bytes() } else { v.to_le_bytes() });
    }

    fn put_long(&mut self, at: usize, v: u32) {
        self.bytes[at..at + 4].copy_from_slice(&if self.big { v.to_be_bytes() } else { v.to_le_bytes() });
    }

    fn end(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }

    /// Writes a directory here, and values that don't fit into its entries after it.
    fn directory(&mut self, entries: &[(u16, Value)]) {
        self.short(u16::try_from(entries.len()).unwrap_or(u16::MAX));
        let mut later = Vec::new();
        for (tag, value) in entries {
            self.short(*tag);
            let (kind, count) = match value {
                Value::Text(text) => (2, text.len() + 1),
                Value::Short(_) => (3, 1),
                Value::Degrees(_) => (5, 3),
                Value::Directory(_) => (4, 1),
            };
            self.short(kind);
            self.long(u32::try_from(count).unwrap_or(u32::MAX));
            match value {
                Value::Short(v) => {
                    self.short(*v);
                    self.short(0);
                }
                Value::Text(text) if text.len() < 4 => {
                    let mut four = [0; 4];
                    four[..text.len()].copy_from_slice(text.as_bytes());
                    self.bytes.extend(four);
                }
                _ => {
                    later.push((self.bytes.len(), value));
                    self.long(0);
                }
            }
        }
        self.long(0);
        for (at, value) in later {
            let here = self.end();
            self.put_long(at, here);
            self.outside(value);
        }
    }

    fn outside(&mut self, value: &Value) {
        match value {
            Value::Text(text) => {
                self.bytes.extend(text.as_bytes());
                self.bytes.push(0);
                if self.bytes.len() % 2 == 1 {
                    self.bytes.push(0);
                }
            }
            Value::Degrees(degrees) => {
                let minutes = degrees.fract() * 60.0;
                for (n, d) in
                    [(degrees.floor(), 1.0), (minutes.floor(), 1.0), (minutes.fract() * 6000.0, 100.0)]
                {
                    self.long(n as u32);
                    self.long(d as u32);
                }
            }
            Value::Directory(entries) => self.directory(entries),
            Value::Short(_) => {}
        }
    }
}
