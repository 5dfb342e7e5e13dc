//! Just the JSON that this plugin meets: an object of strings to write, and string members of an object to read.
use std::fmt::Write;

pub fn object(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = vec![b'{'];
    for (i, (name, value)) in members.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        string(&mut out, name.as_bytes());
        out.push(b':');
        string(&mut out, value);
    }
    out.push(b'}');
    out
}

fn string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            0..=0x1f => {
                let mut escaped = String::new();
                let _ = write!(escaped, "\\u{byte:04x}");
                out.extend(escaped.bytes());
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// The member `name` of the outermost object: a string's characters, anything else as written.
pub fn text(json: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut reader = Reader { rest: json };
    reader.take(b'{')?;
    loop {
        let key = reader.string()?;
        reader.take(b':')?;
        let value = reader.value()?;
        if key == name.as_bytes() {
            return Some(value);
        }
        reader.take(b',')?;
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}
impl Reader<'_> {
    fn skip_space(&mut self) {
        while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }
    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }
    fn take(&mut self, expected: u8) -> Option<()> {
        self.skip_space();
        (self.next()? == expected).then_some(())
    }
    fn value(&mut self) -> Option<Vec<u8>> {
        self.skip_space();
        if self.rest.first() == Some(&b'"') {
            return self.string();
        }
        let all = self.rest;
        let mut depth = 0_usize;
        while let Some(&byte) = self.rest.first() {
            match byte {
                b',' | b'}' | b']' if depth == 0 => break,
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.next();
        }
        Some(all[..all.len() - self.rest.len()].to_vec())
    }
    fn string(&mut self) -> Option<Vec<u8>> {
        self.take(b'"')?;
        let mut out = Vec::new();
        loop {
            match self.next()? {
                b'"' => return Some(out),
                b'\\' => self.escape(&mut out)?,
                0..=0x1f => return None,
                byte => out.push(byte),
            }
        }
    }
    fn escape(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let meant = match self.next()? {
            byte @ (b'"' | b'\\' | b'/') => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let high = self.hex()?;
                let code = if (0xd800..0xdc00).contains(&high) {
                    (self.next()? == b'\\' && self.next()? == b'u').then_some(())?;
                    0x10000 + ((high - 0xd800) << 10) + self.hex()?.checked_sub(0xdc00)?
                } else {
                    high
                };
                let mut buffer = [0; 4];
                out.extend(char::from_u32(code)?.encode_utf8(&mut buffer).bytes());
                return Some(());
            }
            _ => return None,
        };
        out.push(meant);
        Some(())
    }
    fn hex(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |code, _| Some(code * 16 + char::from(self.next()?).to_digit(16)?))
    }
}
