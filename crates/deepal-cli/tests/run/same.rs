//! The same again: threads, strategies and seeds.

use super::*;

#[test]
fn threads_change_nothing_but_the_time() {
    let one = Finished::new(&format!("--config quick.toml --strategy {NINE} --threads 1"));
    assert_eq!(rounds(&one.events), rounds(&OF_NINE.events));
    assert_eq!(one.curves, OF_NINE.curves);
    assert_eq!(one.said.stdout, OF_NINE.said.stdout);
}

#[test]
fn a_job_alone_with_many_threads_does_the_same_as_beside_others() {
    let all = rounds(&OF_NINE.events);
    for strategy in NINE.split(',') {
        let line = format!("--config quick.toml --strategy {strategy} --seeds 2 --threads 3");
        let alone = rounds(&Finished::new(&line).events);
        let same = all.iter().filter(|((name, seed, _), _)| name == strategy && *seed == 2);
        assert!(alone.iter().eq(same), "{strategy}");
    }
}

#[test]
fn strategies_share_the_first_labels_and_net_of_a_seed_and_part_after_it() {
    let rounds = rounds(&OF_NINE.events);
    let get = |strategy: &str, seed, number| &rounds[&(String::from(strategy), seed, number)];
    for seed in [1, 2] {
        let mut seconds = BTreeSet::new();
        for strategy in NINE.split(',') {
            assert_eq!(get(strategy, seed, 0), get("random", seed, 0), "{strategy}");
            assert!(seconds.insert(&get(strategy, seed, 1).picks), "{strategy} picks as another does");
        }
    }
    assert_ne!(get("random", 1, 0).picks, get("random", 2, 0).picks);
    assert_ne!(get("random", 1, 1).picks, get("random", 2, 1).picks);
}

#[test]
fn deepals_twelve_names_are_accepted() {
    let names = strategy::ALL.iter().filter_map(|entry| entry.deepal).collect::<Vec<_>>();
    assert_eq!(names.len(), 12);
    let line = format!(
        "--config quick.toml --strategy_name {} --seed 1 --n_round 1 --n_query 5 --n_init_labeled 20 --pool 100",
        names.join(",")
    );
    let rounds = rounds(&Finished::new(&line).events);
    let of_ours = |entry: &&&strategy::Entry| rounds.contains_key(&(entry.name.into(), 1, 1));
    assert_eq!(rounds.len(), 24);
    assert_eq!(strategy::ALL.iter().filter(of_ours).count(), 12);
}
