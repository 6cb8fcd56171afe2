//! Programs that do not outlive this one.

use std::{
    ffi::OsStr,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
};

/// A running program.
pub(crate) struct Program(Child);

impl Program {
    /// Starts it, with its errors in a file.
    pub(crate) fn start<A: AsRef<OsStr>>(
        program: &str,
        arguments: impl IntoIterator<Item = A>,
        errors: &Path,
    ) -> Self {
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(errors).expect("a file for errors"))
            .spawn();
        Self(child.unwrap_or_else(|error| panic!("cannot start {program}: {error}")))
    }

    /// The first lines of its output up to one with this beginning; the rest is read and thrown away, so
    /// that it never waits for room.
    pub(crate) fn lines_until(&mut self, beginning: &str) -> Vec<String> {
        let output: ChildStdout = self.0.stdout.take().expect("a pipe");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let mut seen = Vec::new();
        while seen
            .last()
            .is_none_or(|line: &String| !line.starts_with(beginning))
        {
            let line = lines.next();
            seen.push(line.unwrap_or_else(|| panic!("no {beginning} in {seen:?}")));
        }
        thread::spawn(move || lines.for_each(drop));
        seen
    }

    /// Waits for its end, which must be a good one; gives what it wrote.
    pub(crate) fn output(mut self) -> String {
        let mut text = String::new();
        if let Some(mut output) = self.0.stdout.take() {
            output.read_to_string(&mut text).expect("text");
        }
        let status = self.0.wait().expect("a child");
        assert!(status.success(), "a program failed: {text}");
        text
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
