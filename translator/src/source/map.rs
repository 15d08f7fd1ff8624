//! Source files, places in them, and how a token came to stand where it stands.
//!
//! A file is bytes, not text: anything but NUL may stand in strings and comments. Columns count bytes, from 1.

use std::sync::{Arc, RwLock};

/// A file of the session. Files are never removed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FileId(pub u32);

/// Index of an [`Origin`]; `OriginId::NONE` for what stands in its file as written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct OriginId(pub u32);

impl OriginId {
    /// The token was read from its file, no expansion in between.
    pub const NONE: OriginId = OriginId(0);
}

/// One token's place: byte offsets `lo..hi` in `file`, and the expansion that put it there.
///
/// The span of an AST node is that of its principal token, as in SystemTap's messages: the operator of a binary
/// expression, the name of a call, the keyword of a statement.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Span {
    /// The file that holds the text.
    pub file: FileId,
    /// Offset of the first byte.
    pub lo: u32,
    /// Offset after the last byte.
    pub hi: u32,
    /// How the token came here.
    pub origin: OriginId,
}

/// How a token came to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OriginKind {
    /// "in expansion of macro": the token is from the body of a macro that is invoked at `at`.
    Macro,
    /// No link to show: the token is from the text of the command-line argument (`$1`) that stands at `at`, and is
    /// shown as if it stood there.
    Argument,
    /// "in synthesized code from": the translator made the token because of what stands at `at`.
    Synthesised,
}

/// One link of an origin chain.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// What happened.
    pub kind: OriginKind,
    /// Where; its own `origin` is the next link outward.
    pub at: Span,
    /// Links of the chain that starts here.
    pub links: u32,
}

/// A file that was read.
#[derive(Debug)]
pub struct SourceFile {
    /// The name as messages print it: a path as given, or `<input>`.
    pub name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Offsets at which lines start; the first is 0.
    lines: Vec<u32>,
    /// The file is trusted (from the tapset path, or the session is in guru mode).
    pub privileged: bool,
    /// The file is a library file, not the user's script.
    pub library: bool,
}

/// 1-based line and column; columns count bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LineCol {
    /// Line, from 1.
    pub line: u32,
    /// Column in bytes, from 1.
    pub column: u32,
}

impl SourceFile {
    /// Line and column of a byte offset.
    pub fn line_col(&self, offset: u32) -> LineCol {
        let line = self.lines.partition_point(|&start| start <= offset) as u32;
        LineCol { line, column: offset - self.lines[line as usize - 1] + 1 }
    }

    /// Offset of the start of a 1-based line, if there are so many.
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.lines.get((line as usize).checked_sub(1)?).copied()
    }

    /// The bytes of a 1-based line, without its end.
    pub fn line_text(&self, line: u32) -> &[u8] {
        let start = self.lines[line as usize - 1] as usize;
        let end = self.lines.get(line as usize).map_or(self.bytes.len(), |&next| next as usize);
        let text = &self.bytes[start..end];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        text.strip_suffix(b"\r").unwrap_or(text)
    }
}

/// All files and origins of a session. Shared between the threads that parse the tapset.
#[derive(Default, Debug)]
pub struct SourceMap {
    files: RwLock<Vec<Arc<SourceFile>>>,
    origins: RwLock<Vec<Origin>>,
}

impl SourceMap {
    /// Adds a file. Files of 4 GiB and more are refused by the reader, so offsets fit in 32 bits.
    pub fn add(&self, name: impl Into<String>, bytes: Vec<u8>, privileged: bool, library: bool) -> FileId {
        let mut lines = vec![0];
        lines.extend(bytes.iter().enumerate().filter(|&(_, &b)| b == b'\n').map(|(i, _)| i as u32 + 1));
        let file = SourceFile { name: name.into(), bytes, lines, privileged, library };
        let mut files = self.files.write().unwrap_or_else(|e| e.into_inner());
        files.push(Arc::new(file));
        FileId(files.len() as u32 - 1)
    }

    /// The file of an id that this map gave out.
    pub fn file(&self, id: FileId) -> Arc<SourceFile> {
        self.files.read().unwrap_or_else(|e| e.into_inner())[id.0 as usize].clone()
    }

    /// The file that messages print under this name, the user's own before the library's.
    pub fn find(&self, name: &str) -> Option<(FileId, Arc<SourceFile>)> {
        let files = self.files.read().unwrap_or_else(|e| e.into_inner());
        let named = || files.iter().enumerate().filter(|(_, file)| file.name == name);
        let (index, file) = named().find(|(_, file)| !file.library).or_else(|| named().next())?;
        Some((FileId(index as u32), file.clone()))
    }

    /// All files so far, in the order of their ids.
    pub fn files(&self) -> Vec<Arc<SourceFile>> {
        self.files.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Records a link of an origin chain.
    pub fn add_origin(&self, kind: OriginKind, at: Span) -> OriginId {
        let links = self.links(at.origin) + 1;
        let mut origins = self.origins.write().unwrap_or_else(|e| e.into_inner());
        origins.push(Origin { kind, at, links });
        OriginId(origins.len() as u32)
    }

    /// The link of an id; none for [`OriginId::NONE`].
    pub fn origin(&self, id: OriginId) -> Option<Origin> {
        let index = (id.0 as usize).checked_sub(1)?;
        self.origins.read().unwrap_or_else(|e| e.into_inner()).get(index).copied()
    }

    /// How many links the chain has that starts with `id`.
    pub fn links(&self, id: OriginId) -> u32 {
        self.origin(id).map_or(0, |origin| origin.links)
    }

    /// The place in a script that all expansions of a token began with.
    pub fn outermost(&self, mut span: Span) -> Span {
        while let Some(origin) = self.origin(span.origin) {
            span = origin.at;
        }
        span
    }

    /// The bytes under a span.
    pub fn text(&self, span: Span) -> Vec<u8> {
        self.file(span.file).bytes[span.lo as usize..span.hi as usize].to_vec()
    }

    /// The span to show for a token: that of `$1` for what a command-line argument put in its place.
    pub fn shown(&self, mut span: Span) -> Span {
        while let Some(Origin { kind: OriginKind::Argument, at, .. }) = self.origin(span.origin) {
            span = at;
        }
        span
    }

    /// Line and column of a span's start.
    pub fn line_col(&self, span: Span) -> LineCol {
        let span = self.shown(span);
        self.file(span.file).line_col(span.lo)
    }

    /// `FILE:LINE:COLUMN` of a span's start.
    pub fn place(&self, span: Span) -> String {
        let span = self.shown(span);
        let file = self.file(span.file);
        let LineCol { line, column } = file.line_col(span.lo);
        format!("{}:{}:{}", file.name, line, column)
    }
}
