//! The same bytes from a cluster as from this machine, and a clear word where there is none.
//!
//! Needs `--features cluster`, with which `.ci/run` builds the binaries anew.

#[cfg(not(feature = "cluster"))]
mod without {
    use crate::support::run::{Folder, train};

    #[test]
    fn a_cluster_is_refused_by_a_build_without() {
        println!("the other tests are skipped: build with `--features cluster`, as `.ci/run` does");
        let folder = Folder::new();
        let events = folder.write("e.csv", "customer_id,ts,amount\n1,2024-01-01,5\n");
        let line = format!("fit --events {events} --as-of 2024-04-01 --engine ballista://host:50050 --out {}", folder.arg("bundle"));
        // Whoever builds the binaries with it and these tests without is not wrong.
        let ended = train(&line);
        if ended.code == 2 {
            ended.refused(2, &["built without clusters", "--features cluster"]);
            train("scheduler").refused(2, &["--features cluster"]);
            train("executor --scheduler host:50050").refused(2, &["--features cluster"]);
        }
    }
}

#[cfg(feature = "cluster")]
mod with {
    use std::fs;

    use crate::support::cluster::{Cluster, Running};
    use crate::support::data;
    use crate::support::fitted::{self, AS_OF};
    use crate::support::run::{Folder, assert_same_bytes, serve, text, train};
    use crate::support::s3::S3;

    const CUTOFF: &str = "2024-10-01";

    /// Folder and line of events in many files, without kinds, in which some amounts are missing and some rows are twice.
    fn parted(folder: &Folder, files: u64, rows: u64) -> String {
        fs::create_dir(folder.at("events")).expect("the folder can be written");
        for file in 0..files {
            let line = |row: u64| {
                let number = row * files + file;
                let amount = if number.is_multiple_of(7) { String::new() } else { format!("{}.25", number % 90) };
                let (customer, month, day) = (number * 7_919 % 4_999, number % 12 + 1, number % 28 + 1);
                format!("{customer},2024-{month:02}-{day:02}T00:00:00Z,{amount},channel {},{}\n", number % 300, number % 1_000)
            };
            let lines: String = std::iter::once("customer_id,ts,amount,channel,category\n".to_owned()).chain((0..rows).map(line)).collect();
            folder.write(&format!("events/{file}.csv"), lines.clone() + lines.lines().last().unwrap_or_default() + "\n");
        }
        folder.arg("events")
    }

    fn features(events: &str, out: &str) -> String {
        format!("features --events {events} --cutoff 2024-06-01 --cutoff {CUTOFF} --data-until {CUTOFF} --json --out {out}")
    }

    #[test]
    fn a_cluster_does_what_this_machine_does() {
        let (cluster, folder) = (Cluster::start(2), Folder::new());
        let (flags, events) = (cluster.flags("2m"), text(&data::shipped()));
        let shipped = fitted::shipped();

        let out = folder.arg("features.parquet");
        let line = format!("features {flags} --events {events} --cutoff 2011-06-12 --cutoff {AS_OF} --data-until {AS_OF} --out {out}");
        train(&line).done();
        assert_same_bytes(&folder.at("features.parquet"), &shipped.features);
        train(&format!("fit {flags} --events {events} --as-of {AS_OF} --out {}", folder.arg("bundle"))).done();
        assert_same_bytes(&folder.at("bundle"), &shipped.bundle);
        let (bundle, out) = (text(&shipped.bundle), folder.arg("scores.parquet"));
        serve(&format!("score {flags} --bundle {bundle} --events {events} --as-of {AS_OF} --out {out}")).done();
        assert_same_bytes(&folder.at("scores.parquet"), &shipped.scores);

        let events = parted(&folder, 5, 4_000);
        let local = train(&features(&events, &folder.arg("local.parquet"))).done();
        let memory = "--memory 64MB --threads 3";
        let asked = train(&format!("{} {flags} {memory}", features(&events, &folder.arg("cluster.parquet")))).done();
        assert_same_bytes(&folder.at("cluster.parquet"), &folder.at("local.parquet"));
        assert_eq!(asked.json()["input"], local.json()["input"]);

        // What an executor says of the data is what this machine says of it.
        fs::write(folder.at("events/2.csv"), "customer_id,ts,amount,channel,category\n1,2024-01-01,5,\"x,y\n").expect("it can be written");
        for flags in ["", &flags] {
            let ended = train(&format!("{} {flags}", features(&events, &folder.arg("broken.parquet"))));
            ended.refused(1, &["cannot be read: Arrow error: Csv error: incorrect number of fields", "it must be UTF-8"]);
            assert!(!folder.at("broken.parquet").exists());
        }

        let Cluster { executors, scheduler, .. } = cluster;
        assert!(executors.into_iter().all(|executor| executor.terminate() == Some(0)));
        assert_eq!(scheduler.terminate(), Some(0));
    }

    #[test]
    fn an_executor_that_dies_costs_time_only() {
        let (mut cluster, folder) = (Cluster::start(2), Folder::new());
        let events = parted(&folder, 16, 10_000);
        train(&features(&events, &folder.arg("local.parquet"))).done();
        let mut running = Running::train(&format!("{} {}", features(&events, &folder.arg("one.parquet")), cluster.flags("5m")));
        // It holds results that the other one needs, and has work.
        cluster.executors[0].wait_for("Finished task");
        assert!(running.goes_on());
        cluster.executors[0].kill();
        running.end().done();
        assert_same_bytes(&folder.at("one.parquet"), &folder.at("local.parquet"));

        // One that died unnoticed, and one that is there again.
        train(&format!("{} {}", features(&events, &folder.arg("two.parquet")), cluster.flags("5m"))).done();
        assert_same_bytes(&folder.at("two.parquet"), &folder.at("local.parquet"));
    }

    #[test]
    fn a_cluster_that_dies_is_told_within_the_deadline() {
        let (mut cluster, folder) = (Cluster::start(2), Folder::new());
        let (events, out) = (parted(&folder, 16, 10_000), folder.arg("out.parquet"));
        let line = format!("{} {}", features(&events, &out), cluster.flags("60s"));
        let running = Running::train(&line);
        cluster.executors[0].wait_for("Finished task");
        cluster.executors.iter_mut().for_each(super::super::support::cluster::Process::kill);
        running.end().refused(1, &["no executor", &cluster.scheduler.address, "lapwing-train executor"]);

        let mut running = Running::train(&line);
        cluster.scheduler.wait_for("Job submitted");
        cluster.scheduler.wait_for("Job submitted");
        assert!(running.goes_on());
        cluster.scheduler.kill();
        running.end().refused(1, &["the scheduler", &cluster.scheduler.address]);
        assert_eq!(folder.names(), ["events"]);
    }

    #[test]
    fn a_cluster_that_is_not_there_is_told_within_the_deadline() {
        let folder = Folder::new();
        let (events, out) = (parted(&folder, 2, 10), folder.arg("out.parquet"));
        let cluster = Cluster::start(0);
        let asked = |deadline: &str| train(&format!("{} {}", features(&events, &out), cluster.flags(deadline)));
        asked("8s").refused(1, &["no executor", &cluster.scheduler.address, "lapwing-train executor"]);
        // Before it is sure that nobody comes.
        asked("1s").refused(1, &[&cluster.scheduler.address, "hint: "]);
        train(&format!("scheduler --addr {}", cluster.scheduler.address)).refused(2, &["cannot listen", &cluster.scheduler.address]);
        let nowhere = cluster.flags("30s");
        drop(cluster);
        train(&format!("{} {nowhere}", features(&events, &out))).refused(1, &["cannot be reached", "lapwing-train scheduler"]);
        assert_eq!(folder.names(), ["events"]);
    }

    #[test]
    fn executors_read_from_a_store() {
        let Some(s3) = S3::of_test("cluster") else { return };
        s3.put("in/events.parquet", fs::read(data::shipped()).expect("it is shipped"));
        let (cluster, folder) = (Cluster::start_with(2, &s3.environment()), Folder::new());
        let (events, out) = (s3.url("in/events.parquet"), folder.arg("features.parquet"));
        let flags = cluster.flags("2m");
        let line = format!("features {flags} --events {events} --cutoff 2011-06-12 --cutoff {AS_OF} --data-until {AS_OF} --out {out}");
        s3.train(&line).done();
        assert_same_bytes(&folder.at("features.parquet"), &fitted::shipped().features);
    }
}
