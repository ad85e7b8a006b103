//! Killed, interrupted, out of room, and resumed.

use super::*;

#[test]
fn a_run_killed_again_and_again_and_resumed_equals_one_that_was_left_alone() {
    let folder = workshop();
    let mut chance = 20_260_101_u64;
    let mut random = |below: u64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % below
    };
    let mut kills = 0;
    for run in 0.. {
        if kills >= 25 {
            break;
        }
        let name = format!("run-{run}");
        let events = folder.path().join(&name).join("events.jsonl");
        let mut case = String::new();
        for attempt in 0.. {
            assert!(attempt < 100, "it never ends: {case}");
            let begun = folder.path().join(&name).join("config.toml").exists();
            let line =
                if begun { format!("run --resume {name}") } else { format!("run {LONG} --out {name}") };
            let mut running = Running::start(program(&folder, &line));
            // In turn after some time, which may be in the middle of anything, and right after something was written.
            let moment = match random(2) {
                0 => {
                    let (start, delay) = (Instant::now(), Duration::from_millis(random(150)));
                    let _ = write!(case, "after {delay:?}, ");
                    running.wait_for(|| start.elapsed() >= delay)
                }
                _ => {
                    let more = len(&events) + 1 + random(1500);
                    let _ = write!(case, "at {more} bytes, ");
                    running.wait_for(|| len(&events) >= more)
                }
            };
            if moment {
                running.0.kill().unwrap();
            }
            match running.end() {
                (Some(0), _) => break,
                (None, _) => kills += 1,
                (code, stderr) => panic!("{code:?} after {case}: {stderr}"),
            }
        }
        assert_equal(&folder, &name, &OF_TWO, &case);
    }
}

#[test]
fn events_cut_at_any_byte_are_enough_to_go_on_from() {
    let whole = Finished::new(TINY);
    let folder = workshop();
    let end = whole.events.len();
    for (i, cut) in (0..12).map(|i| end * i / 12).chain([1, end - 2, end - 1]).enumerate() {
        let name = format!("cut-{i}");
        let path = folder.path().join(&name);
        fs::create_dir(&path).unwrap();
        fs::write(path.join("config.toml"), &whole.config).unwrap();
        fs::write(path.join("events.jsonl"), &whole.events[..cut]).unwrap();
        let said = call(&folder, &format!("run --resume {name}")).expect(0, &[]);
        let table = |text: &str| text.split("\nin ").next().unwrap().to_owned();
        assert_eq!(table(&said.stdout), table(&whole.said.stdout), "cut at {cut}");
        assert_equal(&folder, &name, &whole, &format!("cut at {cut} of {end}"));
    }
}

#[test]
fn a_finished_run_goes_on_when_its_config_asks_for_more_rounds() {
    let more = Finished::new(&TINY.replace("--rounds 1", "--rounds 2"));
    let folder = workshop();
    call(&folder, &format!("run {TINY} --out run")).expect(0, &[]);
    fs::write(folder.path().join("run/config.toml"), &more.config).unwrap();
    call(&folder, "run --resume run").expect(0, &["round 2 of 2"]);
    assert_eq!(rounds(&read(&folder, "run/events.jsonl")), rounds(&more.events));
}

#[test]
fn ctrl_c_stops_the_run_which_then_can_be_resumed() {
    let whole = Finished::new(LONGER);
    for times in [1, 2] {
        let folder = workshop();
        let mut running = Running::start(program(&folder, &format!("run {LONGER} --out run")));
        let events = folder.path().join("run/events.jsonl");
        assert!(
            running.wait_for(|| fs::read_to_string(&events).is_ok_and(|text| text.contains("\"round\""))),
            "it must not end before it is interrupted"
        );
        for _ in 0..times {
            running.interrupt();
        }
        let (code, stderr) = running.end();
        assert_eq!(code, Some(130), "{stderr}");
        if times == 1 {
            let words =
                ["stopping after the present step", "interrupted: nothing", "`deepal run --resume run`"];
            assert!(words.iter().all(|words| stderr.contains(words)), "{stderr}");
        }
        assert!(!is_finished(&read(&folder, "run/events.jsonl")));
        call(&folder, "run --resume run").expect(0, &[]);
        assert_equal(&folder, "run", &whole, "after Ctrl+C");
    }
}

/// `line` with a limit on the size of files, in blocks of the shell.
fn with_little_room(folder: &TempDir, blocks: u32, line: &str) -> Outcome {
    let script = format!("ulimit -f {blocks}; trap '' XFSZ; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.current_dir(folder).env_remove("DEEPAL_DATA").args(["-c", &script]);
    Outcome::of(command.arg(env!("CARGO_BIN_EXE_deepal")).args(line.split_whitespace()))
}

#[test]
fn a_full_disk_stops_the_run_which_then_can_be_resumed() {
    let folder = workshop();
    let complaint = ["error: ", "run/events.jsonl", "is kept: make room", "resume the run"];
    with_little_room(&folder, 8, &format!("run {LONG} --out run")).expect(4, &complaint);
    let kept = read(&folder, "run/events.jsonl");
    assert!(kept.ends_with('\n') && (1..28).contains(&rounds(&kept).len()), "{kept}");
    with_little_room(&folder, 8, "run --resume run").expect(4, &complaint);
    call(&folder, "run --resume run").expect(0, &[]);
    assert_equal(&folder, "run", &OF_TWO, "after a full disk");
}

#[test]
fn a_disk_too_full_for_the_figure_loses_nothing_either() {
    let folder = workshop();
    with_little_room(&folder, 40, &format!("run {TINY} --out run"))
        .expect(4, &["run/report.html", "the run is recorded", "`deepal run --resume run`"]);
    call(&folder, "run --resume run").expect(0, &[]);
    assert_equal(&folder, "run", &Finished::new(TINY), "after a full disk");
}

#[test]
fn two_processes_cannot_write_to_one_run() {
    let folder = workshop();
    let mut running = Running::start(program(&folder, &format!("run {LONGER} --out run")));
    let events = folder.path().join("run/events.jsonl");
    assert!(running.wait_for(|| len(&events) > 0));
    call(&folder, "run --resume run").expect(4, &["another process is writing to `run`", "wait"]);
    call(&folder, &format!("run {TINY} --out run")).expect(4, &["another process is writing to `run`"]);
    assert!(!running.has_ended(), "it must run until the others have tried");
    running.0.kill().unwrap();
    running.0.wait().unwrap();
    call(&folder, "run --resume run").expect(0, &[]);
}
