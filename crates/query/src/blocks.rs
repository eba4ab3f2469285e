//! Unpacked columns that stay in memory, within a limit of bytes, in blocks of rows: what a person looks at once more is
//! not read, decompressed and decoded once more. A dictionary is kept once for all blocks of its column.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, UInt32Array};
use arrow::compute::{concat, take};
use arrow::datatypes::Int32Type;

use crate::Error;
use crate::limits::{BLOCK_CACHE_BYTES_MAX, BLOCK_IDLE_MIN, BLOCK_ROWS};

/// A column of a row group of a file: number of the open file, row group, column.
pub(crate) type ChunkKey = (u64, usize, usize);

/// What is read for a reason that comes again, and what for one that does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// The pages of a device that somebody looks at: kept in the place of what was not used for longest.
    Always,
    /// A scan of everything: kept where there is room or what is there is idle. A scan that is larger than the memory
    /// would drive out with each block the one that it needs next.
    IfRoom,
}

/// Blocks of all open files.
#[derive(Debug)]
pub(crate) struct Blocks {
    kept: Mutex<Kept>,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Kept {
    chunks: HashMap<ChunkKey, Chunk>,
    /// By when they were used: what has the smallest number was not used for longest.
    order: BTreeMap<u64, ChunkKey>,
    n_bytes: usize,
    clock: u64,
}

/// What is kept of a column of a row group.
#[derive(Debug)]
struct Chunk {
    /// The dictionary, when the blocks are codes.
    texts: Option<ArrayRef>,
    blocks: Vec<Option<ArrayRef>>,
    /// All rows in one piece, in the place of blocks.
    whole: Option<ArrayRef>,
    /// Without the dictionary.
    n_row_bytes: usize,
    used: u64,
    used_at: Instant,
}

/// A piece of a column: rows from `start` on.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    start: usize,
    rows: ArrayRef,
}

impl Piece {
    pub(crate) fn start(&self) -> usize {
        self.start
    }
}

impl Default for Blocks {
    fn default() -> Self {
        Self::new(BLOCK_CACHE_BYTES_MAX)
    }
}

impl Blocks {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { kept: Mutex::default(), bytes_max }
    }

    /// What is known of the blocks with these numbers, ascending, and the numbers of the others.
    pub(crate) fn known(&self, key: ChunkKey, wanted: &[usize]) -> (Vec<Piece>, Vec<usize>) {
        let mut kept = self.kept();
        let Some(chunk) = kept.used(key) else { return (Vec::new(), wanted.to_vec()) };
        if let Some(whole) = &chunk.whole {
            return (vec![Piece { start: 0, rows: Arc::clone(whole) }], Vec::new());
        }
        let mut pieces = Vec::with_capacity(wanted.len());
        let mut missing = Vec::new();
        for block in wanted {
            match chunk.blocks.get(*block).and_then(Option::as_ref) {
                Some(rows) => pieces.push(Piece { start: block * BLOCK_ROWS, rows: Arc::clone(rows) }),
                None => missing.push(*block),
            }
        }
        (pieces, missing)
    }

    /// Keeps blocks that were read together: `rows` are the rows of `blocks`, the last of which may be short. Gives
    /// them back in pieces.
    pub(crate) fn add(
        &self,
        key: ChunkKey,
        blocks: &[usize],
        rows: &ArrayRef,
        n_rows_all: usize,
        keep: Keep,
    ) -> Vec<Piece> {
        // Texts are compared without the lock.
        let known = self.kept().chunks.get(&key).and_then(|chunk| chunk.texts.clone());
        let rows = with_known_texts(rows, known.as_ref());
        let pieces = pieces(&rows, blocks);
        let (texts, n_row_bytes) = sizes(&rows);
        let mut kept = self.kept();
        if kept.has_all(key, blocks) || !kept.has_room(n_row_bytes + bytes_of(texts.as_ref()), self.bytes_max, keep) {
            return pieces;
        }
        let chunk = kept.chunk(key);
        let before = chunk.n_bytes();
        if rows.len() == n_rows_all {
            chunk.blocks = Vec::new();
            chunk.whole = Some(rows);
            chunk.n_row_bytes = n_row_bytes;
        } else {
            for (block, piece) in blocks.iter().zip(&pieces) {
                if chunk.blocks.len() <= *block {
                    chunk.blocks.resize(block + 1, None);
                }
                chunk.blocks[*block] = Some(Arc::clone(&piece.rows));
            }
            chunk.n_row_bytes += n_row_bytes;
        }
        chunk.texts = chunk.texts.take().or(texts);
        let after = chunk.n_bytes();
        kept.n_bytes = kept.n_bytes - before + after;
        pieces
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("no panic under the lock")
    }

    /// Drops everything of a file that is closed.
    pub(crate) fn forget(&self, file: u64) {
        let mut kept = self.kept();
        let keys: Vec<ChunkKey> = kept.chunks.keys().filter(|key| key.0 == file).copied().collect();
        for key in keys {
            kept.remove(key);
        }
    }
}

impl Chunk {
    fn n_bytes(&self) -> usize {
        self.n_row_bytes + bytes_of(self.texts.as_ref())
    }
}

impl Kept {
    fn used(&mut self, key: ChunkKey) -> Option<&Chunk> {
        let chunk = self.chunks.get_mut(&key)?;
        self.clock += 1;
        self.order.remove(&chunk.used);
        self.order.insert(self.clock, key);
        chunk.used = self.clock;
        chunk.used_at = Instant::now();
        Some(chunk)
    }

    fn chunk(&mut self, key: ChunkKey) -> &mut Chunk {
        self.clock += 1;
        let clock = self.clock;
        self.chunks.entry(key).or_insert_with(|| {
            self.order.insert(clock, key);
            Chunk { texts: None, blocks: Vec::new(), whole: None, n_row_bytes: 0, used: clock, used_at: Instant::now() }
        })
    }

    /// Another thread may have read the same meanwhile.
    fn has_all(&self, key: ChunkKey, blocks: &[usize]) -> bool {
        let has = |chunk: &Chunk, block: &usize| chunk.blocks.get(*block).is_some_and(Option::is_some);
        self.chunks.get(&key).is_some_and(|chunk| chunk.whole.is_some() || blocks.iter().all(|block| has(chunk, block)))
    }

    fn remove(&mut self, key: ChunkKey) {
        if let Some(chunk) = self.chunks.remove(&key) {
            self.order.remove(&chunk.used);
            self.n_bytes -= chunk.n_bytes();
        }
    }

    /// Makes room, if that is wanted and can be done.
    fn has_room(&mut self, n_bytes: usize, bytes_max: usize, keep: Keep) -> bool {
        if n_bytes > bytes_max {
            return false;
        }
        while self.n_bytes + n_bytes > bytes_max {
            let Some((_, oldest)) = self.order.first_key_value() else { return false };
            let oldest = *oldest;
            let is_idle = self.chunks.get(&oldest).is_none_or(|chunk| chunk.used_at.elapsed() >= BLOCK_IDLE_MIN);
            if keep == Keep::IfRoom && !is_idle {
                return false;
            }
            self.remove(oldest);
        }
        true
    }
}

/// Numbers of the blocks that have one of the rows.
pub(crate) fn blocks_of(rows: &[Range<usize>]) -> Vec<usize> {
    let mut blocks: Vec<usize> = Vec::new();
    for range in rows.iter().filter(|range| !range.is_empty()) {
        let last = (range.end - 1) / BLOCK_ROWS;
        let first = (range.start / BLOCK_ROWS).max(blocks.last().map_or(0, |last| last + 1));
        blocks.extend(first..=last);
    }
    blocks
}

/// The rows of the blocks, in a column of so many rows.
pub(crate) fn rows_of(blocks: &[usize], n_rows_all: usize) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for block in blocks {
        let (start, end) = (block * BLOCK_ROWS, ((block + 1) * BLOCK_ROWS).min(n_rows_all));
        match ranges.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => ranges.push(start..end),
        }
    }
    ranges
}

/// The rows of these numbers out of pieces that have them all; both are ascending.
pub(crate) fn pick(pieces: &[Piece], rows: &[Range<usize>]) -> Result<ArrayRef, Error> {
    let n_rows: usize = rows.iter().map(ExactSizeIterator::len).sum();
    // By piece: its number, and rows counted from its start.
    let mut slices: Vec<(usize, Range<usize>)> = Vec::with_capacity(rows.len().max(pieces.len()));
    let mut piece_idx = 0;
    for range in rows {
        let mut at = range.start;
        while at < range.end {
            let Some(piece) = pieces.get(piece_idx) else {
                return Err(Error::Engine("a block of rows is missing".to_owned()));
            };
            let piece_end = piece.start + piece.rows.len();
            if at >= piece_end {
                piece_idx += 1;
                continue;
            }
            let end = range.end.min(piece_end);
            slices.push((piece_idx, at - piece.start..end - piece.start));
            at = end;
        }
    }
    let part = |(idx, range): &(usize, Range<usize>)| pieces[*idx].rows.slice(range.start, range.len());
    match slices.as_slice() {
        [] => Err(Error::Engine("no rows are wanted".to_owned())),
        [only] => Ok(part(only)),
        // Many short ranges are copied row by row.
        several if several.len() * 4 > n_rows => {
            let mut starts = Vec::with_capacity(pieces.len());
            let mut start = 0;
            for piece in pieces {
                starts.push(start);
                start += piece.rows.len();
            }
            let places = several.iter().flat_map(|(idx, range)| {
                let start = starts[*idx];
                range.clone().map(move |row_idx| (start + row_idx) as u32)
            });
            let places = UInt32Array::from_iter_values(places);
            let whole: Vec<ArrayRef> = pieces.iter().map(|piece| Arc::clone(&piece.rows)).collect();
            Ok(take(&joined(&whole)?, &places, None)?)
        }
        several => joined(&several.iter().map(part).collect::<Vec<_>>()),
    }
}

/// One array of several. Codes of one dictionary stay codes of it.
fn joined(arrays: &[ArrayRef]) -> Result<ArrayRef, Error> {
    if let [only] = arrays {
        return Ok(Arc::clone(only));
    }
    let mut keys: Vec<&dyn Array> = Vec::with_capacity(arrays.len());
    let mut texts: Option<&ArrayRef> = None;
    for array in arrays {
        let Some(dictionary) = array.as_dictionary_opt::<Int32Type>() else { break };
        if texts.is_some_and(|texts| !same(texts, dictionary.values())) {
            break;
        }
        texts = Some(dictionary.values());
        keys.push(dictionary.keys());
    }
    if let Some(texts) = texts
        && keys.len() == arrays.len()
    {
        let keys = concat(&keys)?;
        return Ok(Arc::new(DictionaryArray::try_new(keys.as_primitive::<Int32Type>().clone(), Arc::clone(texts))?));
    }
    Ok(concat(&arrays.iter().map(AsRef::as_ref).collect::<Vec<_>>())?)
}

fn same(left: &ArrayRef, right: &ArrayRef) -> bool {
    std::ptr::addr_eq(Arc::as_ptr(left), Arc::as_ptr(right))
}

/// The rows with the dictionary that is there already, when it is the same: each read of a column unpacks it anew.
fn with_known_texts(rows: &ArrayRef, known: Option<&ArrayRef>) -> ArrayRef {
    let (Some(known), Some(dictionary)) = (known, rows.as_dictionary_opt::<Int32Type>()) else {
        return Arc::clone(rows);
    };
    if same(known, dictionary.values()) || known != dictionary.values() {
        return Arc::clone(rows);
    }
    match DictionaryArray::try_new(dictionary.keys().clone(), Arc::clone(known)) {
        Ok(array) => Arc::new(array),
        Err(_) => Arc::clone(rows),
    }
}

/// The dictionary of the rows, and the bytes of the rest.
fn sizes(rows: &ArrayRef) -> (Option<ArrayRef>, usize) {
    match rows.as_dictionary_opt::<Int32Type>() {
        Some(dictionary) => (Some(Arc::clone(dictionary.values())), dictionary.keys().get_array_memory_size()),
        None => (None, rows.get_array_memory_size()),
    }
}

fn bytes_of(texts: Option<&ArrayRef>) -> usize {
    texts.map_or(0, |texts| texts.get_array_memory_size())
}

fn pieces(rows: &ArrayRef, blocks: &[usize]) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(blocks.len());
    let mut at = 0;
    for block in blocks {
        let n_rows = BLOCK_ROWS.min(rows.len() - at);
        pieces.push(Piece { start: block * BLOCK_ROWS, rows: rows.slice(at, n_rows) });
        at += n_rows;
    }
    pieces
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "lists of ranges that have one")]
mod tests {
    use arrow::array::{Int64Array, StringArray};

    use super::*;

    fn numbers(range: Range<usize>) -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(range.map(|n| n as i64)))
    }

    fn codes(range: Range<usize>) -> ArrayRef {
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values((0..10).map(|n| format!("text {n}"))));
        let keys = arrow::array::Int32Array::from_iter_values(range.map(|n| (n % 10) as i32));
        Arc::new(DictionaryArray::try_new(keys, texts).unwrap())
    }

    /// Adds some blocks of a column of four and a half, and picks rows of it.
    fn check(column: fn(Range<usize>) -> ArrayRef, first: &[usize], rows: &[Range<usize>]) {
        let n_rows = BLOCK_ROWS * 9 / 2;
        let blocks = Blocks::new(1 << 20);
        let key = (1, 0, 0);
        let read = |wanted: &[usize]| {
            let parts: Vec<ArrayRef> = rows_of(wanted, n_rows).into_iter().map(column).collect();
            joined(&parts).unwrap()
        };
        if !first.is_empty() {
            blocks.add(key, first, &read(first), n_rows, Keep::Always);
        }
        let wanted = blocks_of(rows);
        let (mut pieces, missing) = blocks.known(key, &wanted);
        if !missing.is_empty() {
            pieces.extend(blocks.add(key, &missing, &read(&missing), n_rows, Keep::Always));
            pieces.sort_by_key(Piece::start);
        }
        let found = pick(&pieces, rows).unwrap();
        let parts: Vec<ArrayRef> = rows.iter().cloned().map(column).collect();
        let expect = concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<_>>()).unwrap();
        let plain = |array: &ArrayRef| match array.as_dictionary_opt::<Int32Type>() {
            Some(codes) => arrow::compute::cast(codes, &arrow::datatypes::DataType::Utf8).unwrap(),
            None => Arc::clone(array),
        };
        assert_eq!(&plain(&found), &plain(&expect), "{first:?} {rows:?}");
        assert!(blocks.known(key, &wanted).1.is_empty());
    }

    #[test]
    fn rows_come_out_as_they_are() {
        for column in [numbers, codes] {
            for first in [&[0, 1, 2, 3, 4][..], &[1], &[0, 4], &[]] {
                check(column, first, &[0..1]);
                check(column, first, &[5..7, 9..10, BLOCK_ROWS - 1..BLOCK_ROWS + 1]);
                check(column, first, &[0..BLOCK_ROWS * 9 / 2]);
                check(column, first, &[BLOCK_ROWS * 4 + 3..BLOCK_ROWS * 9 / 2]);
                check(column, first, &[BLOCK_ROWS..BLOCK_ROWS * 3, BLOCK_ROWS * 4..BLOCK_ROWS * 4 + 1]);
                let scattered: Vec<Range<usize>> = (0..900).map(|n| n * 10..n * 10 + 1).collect();
                check(column, first, &scattered);
            }
        }
    }

    #[test]
    fn a_dictionary_is_kept_once() {
        let blocks = Blocks::new(1 << 20);
        for block in 0..3 {
            let rows = codes(block * BLOCK_ROWS..(block + 1) * BLOCK_ROWS);
            blocks.add((1, 0, 0), &[block], &rows, BLOCK_ROWS * 5, Keep::Always);
        }
        let (pieces, _) = blocks.known((1, 0, 0), &[0, 1, 2]);
        let texts: Vec<&ArrayRef> =
            pieces.iter().map(|piece| piece.rows.as_dictionary::<Int32Type>().values()).collect();
        assert!(texts.iter().all(|text| same(text, texts[0])));
    }

    #[test]
    fn a_column_that_makes_room_for_itself_is_counted_whole() {
        let (texts, of_codes) = sizes(&codes(0..BLOCK_ROWS));
        let blocks = Blocks::new(bytes_of(texts.as_ref()) + of_codes + of_codes / 2);
        for block in 0..3 {
            let rows = codes(block * BLOCK_ROWS..(block + 1) * BLOCK_ROWS);
            blocks.add((1, 0, 0), &[block], &rows, BLOCK_ROWS * 5, Keep::Always);
            let kept = blocks.kept();
            assert_eq!(kept.n_bytes, kept.chunks.values().map(Chunk::n_bytes).sum::<usize>());
            assert!(kept.n_bytes > of_codes, "the dictionary counts");
        }
    }

    #[test]
    fn what_was_not_used_goes_first_and_a_scan_takes_no_place() {
        let of_one = numbers(0..BLOCK_ROWS).get_array_memory_size();
        let blocks = Blocks::new(of_one * 2 + of_one / 2);
        let add = |file, keep| blocks.add((file, 0, 0), &[0], &numbers(0..BLOCK_ROWS), BLOCK_ROWS, keep);
        let has = |file| blocks.kept.lock().unwrap().chunks.contains_key(&(file, 0, 0));
        add(1, Keep::Always);
        add(2, Keep::IfRoom);
        add(3, Keep::IfRoom);
        assert_eq!([1, 2, 3].map(has), [true, true, false]);
        blocks.known((1, 0, 0), &[0]);
        add(4, Keep::Always);
        assert_eq!([1, 2, 4].map(has), [true, false, true]);
        blocks.forget(1);
        blocks.forget(4);
        assert_eq!(blocks.kept.lock().unwrap().n_bytes, 0);
        assert!(blocks.kept.lock().unwrap().order.is_empty());
    }
}
