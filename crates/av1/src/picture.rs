//! A decoded picture in rav1d's memory.

use std::{ffi::c_int, fmt, marker::PhantomData, ptr::NonNull, slice};

use rav1d::{
    include::dav1d::{
        headers::{DAV1D_PIXEL_LAYOUT_I420, DAV1D_PIXEL_LAYOUT_I422, DAV1D_PIXEL_LAYOUT_I444},
        picture::Dav1dPicture,
    },
    src::lib::dav1d_picture_unref,
};

use crate::Decoder;

/// Chroma subsampling.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Chroma {
    /// No chroma: the picture is grey.
    None,
    /// 4:2:0: half width and half height.
    Quarter,
    /// 4:2:2: half width.
    Half,
    /// 4:4:4: full resolution.
    Full,
}

impl Chroma {
    /// Whether width and whether height is halved.
    pub fn halves(self) -> (bool, bool) {
        (matches!(self, Self::Quarter | Self::Half), self == Self::Quarter)
    }
}

/// Colour description in code points of ITU-T H.273.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Colours {
    /// Colour primaries.
    pub primaries: u8,
    /// Transfer characteristics.
    pub transfer: u8,
    /// Matrix coefficients.
    pub matrix: u8,
    /// Whether samples use the full range. If not, 8-bit black is 16 and white 235.
    pub full_range: bool,
}

/// A row of a plane.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Samples<'a> {
    /// 8-bit samples.
    Bytes(&'a [u8]),
    /// Samples of more than 8 bits.
    Words(&'a [u16]),
}

/// A picture in up to three planes: Y, Cb, Cr.
pub struct Picture<'a> {
    raw: Dav1dPicture,
    /// Borrows the decoder, so that the picture's memory isn't reused while it exists.
    decoder: PhantomData<&'a mut Decoder>,
}

impl Picture<'_> {
    /// Takes ownership of the output of `dav1d_get_picture`, which may be empty.
    pub(crate) fn of(raw: Dav1dPicture) -> Self {
        Self { raw, decoder: PhantomData }
    }

    /// Width and height; `None` if empty.
    pub(crate) fn size(&self) -> Option<(u32, u32)> {
        self.raw.data[0]?;
        Some((positive(self.raw.p.w)?, positive(self.raw.p.h)?))
    }

    /// The chroma subsampling, which determines the planes.
    pub fn chroma(&self) -> Chroma {
        match self.raw.p.layout {
            DAV1D_PIXEL_LAYOUT_I420 => Chroma::Quarter,
            DAV1D_PIXEL_LAYOUT_I422 => Chroma::Half,
            DAV1D_PIXEL_LAYOUT_I444 => Chroma::Full,
            _ => Chroma::None,
        }
    }

    /// Bits per sample: 8, 10 or 12.
    pub fn depth(&self) -> u8 {
        self.raw.p.bpc.try_into().unwrap_or(0)
    }

    /// The colour description from the bitstream.
    pub fn colours(&self) -> Colours {
        let code = |number: u32| u8::try_from(number).unwrap_or(2);
        // SAFETY: the picture keeps the header alive and nothing writes to it.
        let header = self.raw.seq_hdr.map(|header| unsafe { header.as_ref() });
        header.map_or(Colours { primaries: 2, transfer: 2, matrix: 2, full_range: false }, |header| Colours {
            primaries: code(header.pri),
            transfer: code(header.trc),
            matrix: code(header.mtrx),
            full_range: header.color_range != 0,
        })
    }

    /// Columns and rows of a plane: 0 is luma, 1 and 2 are chroma. Zeros if there is no such plane.
    pub fn plane_size(&self, plane: usize) -> (usize, usize) {
        let Some((width, height)) = self.size() else { return (0, 0) };
        let half = |side: u32, is_half: bool| if is_half { side.div_ceil(2) } else { side } as usize;
        match (plane, self.chroma()) {
            (0, _) => (width as usize, height as usize),
            (1 | 2, chroma) if chroma != Chroma::None => {
                let (columns, rows) = chroma.halves();
                (half(width, columns), half(height, rows))
            }
            _ => (0, 0),
        }
    }

    /// A row of a plane with [`Self::plane_size`] samples, or `None` if there is no such row.
    pub fn row(&self, plane: usize, y: usize) -> Option<Samples<'_>> {
        let (width, height) = self.plane_size(plane);
        if y >= height {
            return None;
        }
        let start = self.raw.data.get(plane).copied().flatten()?.cast::<u8>();
        let stride = usize::try_from(self.raw.stride[plane.min(1)]).ok()?;
        let bytes = if self.depth() == 8 { width } else { width.checked_mul(2)? };
        if bytes > stride {
            return None;
        }
        // SAFETY: a plane has at least `height` rows of `stride` bytes, and `y` is below `height`.
        let row = unsafe { start.add(y * stride) };
        if self.depth() == 8 {
            // SAFETY: the row has `width` initialised bytes, and the decoder can't write to them while it is
            // borrowed.
            return Some(Samples::Bytes(unsafe { slice::from_raw_parts(row.as_ptr(), width) }));
        }
        let row = row.cast::<u16>();
        if !row.is_aligned() {
            return None;
        }
        // SAFETY: as above, for `width` samples of two bytes, which fit into the row.
        Some(Samples::Words(unsafe { slice::from_raw_parts(row.as_ptr(), width) }))
    }
}

impl Drop for Picture<'_> {
    fn drop(&mut self) {
        // SAFETY: `dav1d_get_picture` wrote the picture. Its rows borrow from it, so none is left.
        unsafe { dav1d_picture_unref(Some(NonNull::from(&mut self.raw))) };
    }
}

impl fmt::Debug for Picture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture")
            .field("size", &self.size())
            .field("chroma", &self.chroma())
            .field("depth", &self.depth())
            .finish_non_exhaustive()
    }
}

fn positive(number: c_int) -> Option<u32> {
    u32::try_from(number).ok().filter(|&number| number > 0)
}
