//! Rust source as tokens: just enough to tell code from comments and strings. It never fails: an unfinished
//! string or comment ends with the file.

/// What a token is. Only what the checks ask for is told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// Identifier, keyword, number or lifetime, with its text.
    Word(String),
    /// One character of anything else.
    Punct(char),
    /// String literal of any kind, without quotes, escapes as written.
    Text(String),
    /// Character or byte literal.
    Char,
    /// Comment with its text, `//` or `/*` included.
    Comment(String),
}

/// A token and the line it starts on, counted from 1.
#[derive(Clone, Debug)]
pub struct Lexeme {
    pub token: Token,
    pub line: usize,
}

pub fn lex(source: &str) -> Vec<Lexeme> {
    let mut lexer = Lexer { chars: source.chars().collect(), at: 0, line: 1 };
    let mut lexemes = Vec::new();
    while let Some(lexeme) = lexer.next_lexeme() {
        lexemes.push(lexeme);
    }
    lexemes
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn bump(&mut self) {
        if self.peek(0) == '\n' {
            self.line += 1;
        }
        self.at += 1;
    }

    fn done(&self) -> bool {
        self.at >= self.chars.len()
    }

    fn next_lexeme(&mut self) -> Option<Lexeme> {
        while self.peek(0).is_whitespace() {
            self.bump();
        }
        if self.done() {
            return None;
        }
        let line = self.line;
        Some(Lexeme { token: self.token(), line })
    }

    fn token(&mut self) -> Token {
        let first = self.peek(0);
        match first {
            '/' if self.peek(1) == '/' => self.line_comment(),
            '/' if self.peek(1) == '*' => self.block_comment(),
            '"' => self.string(),
            '\'' => self.quote(),
            _ if is_word(first) => self.word(),
            _ => {
                self.bump();
                Token::Punct(first)
            }
        }
    }

    fn line_comment(&mut self) -> Token {
        let start = self.at;
        while !self.done() && self.peek(0) != '\n' {
            self.bump();
        }
        Token::Comment(self.since(start))
    }

    fn block_comment(&mut self) -> Token {
        let start = self.at;
        let mut depth = 0;
        while !self.done() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.bump();
                    continue;
                }
            }
            self.bump();
            self.bump();
            if depth == 0 {
                break;
            }
        }
        Token::Comment(self.since(start))
    }

    fn string(&mut self) -> Token {
        self.bump();
        let start = self.at;
        while !self.done() && self.peek(0) != '"' {
            if self.peek(0) == '\\' {
                self.bump();
            }
            self.bump();
        }
        let text = self.since(start);
        self.bump();
        Token::Text(text)
    }

    fn raw_string(&mut self, hashes: usize) -> Token {
        for _ in 0..=hashes {
            self.bump();
        }
        let start = self.at;
        while !self.done() {
            if self.peek(0) == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == '#') {
                break;
            }
            self.bump();
        }
        let text = self.since(start);
        for _ in 0..=hashes {
            self.bump();
        }
        Token::Text(text)
    }

    /// A character literal or a lifetime: `'a'` closes after one character, `'a` does not.
    fn quote(&mut self) -> Token {
        self.bump();
        if self.peek(0) != '\\' && self.peek(1) != '\'' {
            return self.word();
        }
        while !self.done() && self.peek(0) != '\'' {
            if self.peek(0) == '\\' {
                self.bump();
            }
            self.bump();
        }
        self.bump();
        Token::Char
    }

    /// An identifier or number, or the string that a prefix such as `r#` or `b` begins.
    fn word(&mut self) -> Token {
        let start = self.at;
        while is_word(self.peek(0)) {
            self.bump();
        }
        let word = self.since(start);
        let hashes = (0..).take_while(|ahead| self.peek(*ahead) == '#').count();
        match word.as_str() {
            "r" | "br" | "cr" if self.peek(hashes) == '"' => self.raw_string(hashes),
            "b" | "c" if self.peek(0) == '"' => self.string(),
            "b" if self.peek(0) == '\'' => self.quote(),
            _ => Token::Word(word),
        }
    }

    fn since(&self, start: usize) -> String {
        self.chars[start..self.at.min(self.chars.len())].iter().collect()
    }
}

fn is_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}
