//! A cluster on this machine: a scheduler and executors as processes, on ports of the system's choice.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::run::{Binary, Ended, Folder};

/// A test that waits longer for a process has failed.
const PATIENCE: Duration = Duration::from_mins(2);

/// A scheduler and its executors, which end with the test.
pub(crate) struct Cluster {
    pub(crate) executors: Vec<Process>,
    pub(crate) scheduler: Process,
    _folder: Folder,
}

/// A process of a cluster.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: String,
    log: Receiver<String>,
    // Kept open: a process whose reader is gone could fail to print.
    _stdout: BufReader<ChildStdout>,
}

impl Cluster {
    /// Starts a scheduler and `executors` executors of one thread each.
    pub(crate) fn start(executors: usize) -> Self {
        Self::start_with(executors, &[])
    }

    /// The same with settings of the environment.
    pub(crate) fn start_with(executors: usize, environment: &[(&str, &str)]) -> Self {
        let folder = Folder::new();
        // Longer than an executor may be silent that has work for all its threads.
        let scheduler = Process::start("scheduler --addr 127.0.0.1:0 --executor-timeout 7s", environment);
        let line = |number: usize| {
            let (scheduler, work_dir) = (&scheduler.address, folder.arg(&format!("work-{number}")));
            format!("executor --addr 127.0.0.1:0 --threads 1 --memory 512MB --scheduler {scheduler} --work-dir {work_dir}")
        };
        let executors = (0..executors).map(|number| Process::start(&line(number), environment)).collect();
        Self { executors, scheduler, _folder: folder }
    }

    /// The flags that ask this cluster.
    pub(crate) fn flags(&self, deadline: &str) -> String {
        format!("--engine ballista://{} --deadline {deadline}", self.scheduler.address)
    }
}

impl Process {
    fn start(line: &str, environment: &[(&str, &str)]) -> Self {
        let mut command = Binary::Train.command();
        command.env("LAPWING_LOG", "info").envs(environment.iter().copied()).args(line.split_whitespace());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let (told, log) = channel();
        let stderr = BufReader::new(child.stderr.take().expect("stderr is piped"));
        // Ends with the process.
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).all(|line| told.send(line).is_ok()));
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut address = String::new();
        stdout.read_line(&mut address).expect("stdout can be read");
        let address = address.trim().to_owned();
        assert!(address.starts_with("127.0.0.1:"), "no address of `{line}`:\n{}", log.iter().collect::<Vec<_>>().join("\n"));
        Self { child, address, log, _stdout: stdout }
    }

    /// Waits until the log tells of `word`.
    pub(crate) fn wait_for(&self, word: &str) {
        while !self.log.recv_timeout(PATIENCE).expect("the log goes on").contains(word) {}
    }

    /// Ends it at once, as a machine that breaks does.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end, and gives its exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let asked = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status();
        assert!(asked.expect("the shell starts").success());
        self.child.wait().expect("it is our child").code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A run of a binary that goes on meanwhile.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn train(line: &str) -> Self {
        let mut command = Binary::Train.command();
        command.args(line.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().expect("the binary starts"))
    }

    /// Whether it has not ended yet.
    pub(crate) fn goes_on(&mut self) -> bool {
        self.0.try_wait().expect("it is our child").is_none()
    }

    pub(crate) fn end(self) -> Ended {
        self.0.wait_with_output().expect("it is our child").into()
    }
}
