//! Removes byte stuffing from a scan's entropy-coded data (T.81, F.1.2.3).

/// Bytes prepared at a time, few enough to stay in the L1 cache.
const READY: usize = 8192;

/// The bytes up to the next marker, unstuffed in pieces.
pub(super) struct Stream<'a> {
    source: &'a [u8],
    /// Position in the source after the prepared bytes, at most that of the next marker.
    position: usize,
    ready: Vec<u8>,
}

impl<'a> Stream<'a> {
    /// Starts at `position`, after a scan header.
    pub(super) fn new(source: &'a [u8], position: usize) -> Self {
        Self { source, position, ready: Vec::with_capacity(READY) }
    }

    /// Continues at `position`, after a restart marker.
    pub(super) fn jump(&mut self, position: usize) {
        self.position = position;
        self.ready.clear();
    }

    /// The file.
    pub(super) fn source(&self) -> &'a [u8] {
        self.source
    }

    /// The position for the next marker.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// The prepared bytes.
    #[inline(always)]
    pub(super) fn ready(&self) -> &[u8] {
        &self.ready
    }

    /// Prepares more bytes. The unused ones from `used` on are moved to the front.
    pub(super) fn more(&mut self, used: usize) {
        self.ready.drain(..used.min(self.ready.len()));
        while self.ready.len() < READY {
            let rest = self.source.get(self.position..).unwrap_or_default();
            let rest = &rest[..rest.len().min(READY - self.ready.len())];
            let plain = memchr::memchr(0xFF, rest).unwrap_or(rest.len());
            self.ready.extend_from_slice(&rest[..plain]);
            self.position += plain;
            if plain == rest.len() && !rest.is_empty() {
                continue;
            }
            match self.source.get(self.position + 1) {
                Some(0x00) => {
                    self.ready.push(0xFF);
                    self.position += 2;
                }
                // Fill bytes. T.81 allows them only before markers, but other decoders skip them anywhere.
                Some(0xFF) => self.position += 1,
                _ => return,
            }
        }
    }
}
