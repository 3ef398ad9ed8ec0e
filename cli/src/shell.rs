//! `sse-wire completions` and `sse-wire man`: completion scripts and man pages of the commands.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::messages::log;

/// Prints the completions of a shell.
pub(crate) fn completions(mut command: Command, shell: Shell) -> io::Result<ExitCode> {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    print(&script)
}

/// Prints the man page of `sse-wire`, or of one of its commands.
pub(crate) fn man(mut command: Command, name: Option<&str>) -> io::Result<ExitCode> {
    command.build();
    let page = match name {
        None => Some(&command),
        Some(name) => command.find_subcommand(name),
    };
    let Some(page) = page else {
        log(format_args!(
            "there is no command {}; `sse-wire help` lists them",
            name.unwrap_or_default()
        ));
        return Ok(ExitCode::FAILURE);
    };
    let mut roff = Vec::new();
    Man::new(page.clone()).render(&mut roff)?;
    // The text after the options in the help, with its line breaks.
    let roff = String::from_utf8_lossy(&roff).replace(".SH EXTRA\n", ".SH NOTES\n.nf\n");
    print(roff.as_bytes())
}

fn print(text: &[u8]) -> io::Result<ExitCode> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text)?;
    stdout.flush()?;
    Ok(ExitCode::SUCCESS)
}
