//! The page is sound HTML that needs nothing else, and the figures say what they should.

use super::figures::{Paint, luminance, mix, on_cell};
use super::samples::{Sample, THIRTEEN, renamed, sample};
use crate::analysis::{Analysis, Estimate};
use deepal_core::metric::Metric;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const FOUR: [&str; 4] = ["random", "margin", "bald", "k-means"];

fn three_tasks() -> Sample {
    sample(&[("fashion-mini", "mlp"), ("digits", "mlp"), ("digits", "softmax-regression")], &FOUR, 5)
}

fn thirteen_strategies() -> Sample {
    sample(&[("fashion-mini", "mlp")], &THIRTEEN, 5)
}

fn one_seed() -> Sample {
    sample(&[("digits", "mlp")], &["margin"], 1)
}

fn samples() -> [(&'static str, Sample); 3] {
    [("three-tasks", three_tasks()), ("thirteen", thirteen_strategies()), ("one-seed", one_seed())]
}

/// Panics unless each element that is opened is closed, in order, and none is open at the end.
fn check_tags(html: &str) {
    const VOID: [&str; 4] = ["meta", "input", "img", "br"];
    let mut open = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').unwrap();
        let tag = &rest[start + 1..end];
        assert!(!tag.contains('<'), "a bare < before {tag}");
        rest = &rest[end + 1..];
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closed out of order");
        } else if !tag.starts_with('!') && !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

fn is_base64(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=')
}

#[test]
fn the_page_is_sound_and_needs_nothing_else() {
    for (name, sample) in samples() {
        let html = sample.report(name).html().unwrap();
        check_tags(&html);
        // What is left between pictures, which by chance may hold any word.
        let text = html.split("data:image/png;base64,").map(|part| part.trim_start_matches(is_base64));
        let text = text.collect::<Vec<_>>().join("");
        for word in ["http://", "https://", "url(", "<script", "<link", "NaN", "inf"] {
            assert!(!text.contains(word), "{name}: {word}");
        }
        let (_, body) = html.split_once("<body>").unwrap();
        for (at, _) in body.match_indices("<th") {
            assert!(body[at..].starts_with("<thead") || body[at..].starts_with("<th scope="), "{name}");
        }
        let ids = html.match_indices(" id=\"").map(|(at, _)| html[at + 5..].split('"').next().unwrap());
        let mut ids = ids.collect::<Vec<_>>();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "{name}: {ids:?}");
        assert!(html.matches("<svg").count() == html.matches("<svg viewBox").count());
    }
}

#[test]
fn the_page_holds_what_was_found() {
    let sample = three_tasks();
    let html = sample.report("Three tasks").html().unwrap();
    for part in [
        "<title>Three tasks</title>",
        "margin is better",
        "5 seeds: intervals are wide",
        "fashion-mini with mlp",
        "Random reaches 82.0 % with 340 labels",
        "1, 2, 3, 4, 5",
        "AMD EPYC 7B13, 4 cores, Linux, 4 threads",
        "2026-11-18 11:06 UTC to 2026-11-18 13:03 UTC",
        "initial = 40",
        "ankle boot",
    ] {
        assert!(html.to_lowercase().contains(&part.to_lowercase()), "{part}");
    }
    // 3 tasks, 4 strategies, 12 images; and 2 errors of a strategy on each task.
    assert_eq!(html.matches("<img ").count(), 144 + 6);
    assert_eq!(html.matches(" (88\u{a0}%)</span>").count(), 6);
    for section in
        ["curves", "savings", "penalty", "across", "per-class", "time", "classes", "pictures", "settings"]
    {
        assert!(html.contains(&format!("<section id=\"{section}\">")), "{section}");
    }
}

#[test]
fn the_metric_is_named_wherever_its_values_are() {
    let mut sample = three_tasks();
    let accuracy = sample.report("").html().unwrap();
    sample.change(|analysis| analysis.metric = Metric::MacroF1);
    let html = sample.report("").html().unwrap();
    check_tags(&html);
    for part in [
        "Mean test macro-F1 over the seeds",
        ">test macro-F1, %</text>",
        "<th scope=\"col\">Test macro-F1, %</th>",
        "Random reaches a macro-F1 of 82.0 % with 340 labels",
        ", whose macro-F1 is the highest, at 340 labels: accuracy ",
    ] {
        assert!(html.contains(part), "{part}");
    }
    // It is named once for each task beside the two others.
    assert_eq!(html.matches("accuracy").count(), 2 * 3, "accuracy and balanced accuracy of each task");
    assert!(accuracy.contains(">test accuracy, %</text>") && !accuracy.contains("Test macro-F1, %"));
}

#[test]
fn classes_are_shown_by_name_and_many_of_them_in_part() {
    let mut sample = three_tasks();
    let html = sample.report("").html().unwrap();
    let row = "<tr><th scope=\"row\">Ankle boot</th><td>90.0</td><td>90.0</td><td>90.0</td><td>100</td></tr>";
    assert!(html.contains(row) && html.contains("Ankle boot taken for T-shirt/top: 10.0 %"));
    assert!(html.contains("<td>–</td><td>100</td></tr>"), "a class that is never predicted");
    sample.change(|analysis| {
        for arm in analysis.tasks.iter_mut().flat_map(|task| &mut task.arms) {
            arm.classes = vec![arm.classes[0].clone(); 200];
            arm.classes[150].f1 = Some(0.1);
            arm.confused = vec![(150, 199, 50), (3, 4, 20)];
        }
    });
    let html = sample.report("").html().unwrap();
    check_tags(&html);
    assert!(html.contains("The 30 classes with the lowest F1 of 200; summary.json has all."));
    assert!(html.contains("<tr><th scope=\"row\">150</th>"), "the lowest comes first");
    assert!(html.contains("150 taken for 199: 10.0 %") && html.contains("3 taken for other classes: 6.0 %"));
    let sample = sample.report("");
    let figure = sample.figures().unwrap().into_iter().find(|file| file.name.contains("confusion")).unwrap();
    let svg = String::from_utf8(figure.bytes).unwrap();
    assert!(svg.contains(">others</text>") && svg.matches("<title>").count() < 30, "{svg}");
}

#[test]
fn a_record_without_counts_has_no_section_of_classes() {
    let mut sample = three_tasks();
    sample.change(|analysis| {
        for arm in analysis.tasks.iter_mut().flat_map(|task| &mut task.arms) {
            (arm.classes, arm.confused) = (Vec::new(), Vec::new());
        }
    });
    let html = sample.report("").html().unwrap();
    assert!(!html.contains("id=\"per-class\"") && !html.contains(" (88\u{a0}%)</span>"));
    assert!(!sample.report("").figures().unwrap().iter().any(|file| file.name.contains("confusion")));
}

#[test]
fn each_strategy_has_its_own_target_where_they_differ() {
    let mut sample = three_tasks();
    sample.change(|analysis| {
        let versus = analysis.tasks[0].arms[2].versus_random.as_mut().unwrap();
        versus.labels = 200;
        versus.saving.as_mut().unwrap().target = 0.75;
        analysis.tasks[1]
            .arms
            .iter_mut()
            .filter_map(|arm| arm.versus_random.as_mut())
            .for_each(|v| v.labels = 240);
        analysis.penalty.as_mut().unwrap().tasks = 2;
    });
    let html = sample.report("Different ends").html().unwrap();
    check_tags(&html);
    for part in [
        " for 82.0 % at 340 labels</td>",
        " for 75.0 % at 200 labels</td>",
        "Labels for random’s accuracy",
        "The comparison ends at 240 labels, before random does.",
        "and there are 2; only strategies",
        "each for one strategy alone",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(html.matches("Random reaches 82.0 %").count(), 2);
}

#[test]
fn what_is_not_known_is_left_out() {
    let sample = one_seed();
    let html = sample.report("One seed").html().unwrap();
    for absent in ["id=\"penalty\"", "id=\"across\"", "id=\"task\"", "Ratio", "±"] {
        assert!(!html.contains(absent), "{absent}");
    }
    let figures = sample.report("One seed").figures().unwrap();
    assert!(!figures.iter().any(|file| file.name.contains("penalty")));
}

#[test]
fn strings_from_data_are_escaped() {
    let name = "<script>alert('\"&')\u{1b}[2J\u{9b}\u{202e}</script>";
    let steers = |text: &str| text.contains(['\u{1b}', '\u{9b}', '\u{202e}']);
    let sample = renamed(three_tasks(), name);
    let report = sample.report(name);
    let html = report.html().unwrap();
    check_tags(&html);
    assert!(!html.contains("<script") && !html.contains("'\"&"));
    assert!(!steers(&html) && html.contains("\\u{1b}[2J\\u{9b}\\u{202e}"));
    for file in report.figures().unwrap() {
        if let Ok(text) = String::from_utf8(file.bytes) {
            check_tags(&text);
            assert!(!text.contains("<script") && text.contains("&lt;script&gt;"));
            assert!(!steers(&text));
        }
    }
}

#[test]
fn figures_are_svg_and_png() {
    let sample = thirteen_strategies();
    let files = sample.report("").figures().unwrap();
    let names = files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>();
    let expected = [
        "learning-curves-fashion-mini-mlp",
        "learning-curves-time-fashion-mini-mlp",
        "time-fashion-mini-mlp",
    ];
    let expected =
        expected.into_iter().chain(["classes-fashion-mini-mlp", "confusion-fashion-mini-mlp", "penalty"]);
    let expected = expected.flat_map(|name| [format!("figures/{name}.svg"), format!("figures/{name}.png")]);
    assert_eq!(names, expected.collect::<Vec<_>>());
    for pair in files.chunks(2) {
        let svg = String::from_utf8(pair[0].bytes.clone()).unwrap();
        check_tags(&svg);
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
        assert!(!svg.contains("NaN") && !svg.contains("\"inf"));
        let of_one = pair[0].name.contains("confusion");
        for strategy in THIRTEEN.iter().filter(|_| !of_one) {
            assert!(svg.contains(&format!(">{strategy}</text>")), "{}: {strategy}", pair[0].name);
        }
        let png = &pair[1].bytes;
        assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
        let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        assert!(side(16) >= 1200 && side(20) >= 600, "{}: {} x {}", pair[1].name, side(16), side(20));
        assert!((5_000..500_000).contains(&png.len()), "{}: {}", pair[1].name, png.len());
    }
}

/// Where a line is dashed and which marker and colour it has is in the page: no two strategies have all three alike.
#[test]
fn no_two_strategies_look_alike() {
    let sample = thirteen_strategies();
    let html = sample.report("").html().unwrap();
    let keys =
        html.match_indices("aria-hidden=\"true\">").map(|(at, _)| html[at..].split("</svg>").next().unwrap());
    let mut keys = keys.collect::<Vec<_>>();
    // Beside the name in the controls, in the table of all but random, and over the pictures.
    assert_eq!(keys.len(), 13 + 12 + 13);
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 13);
}

/// What is read on a page: the text between its tags, a line each.
fn read(html: &str) -> String {
    let (_, body) = html.split_once("<body>").unwrap();
    let texts = body.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim());
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn one_figure_is_said_first_and_the_rest_is_folded() {
    let mut sample = sample(&[("digits", "mlp")], &FOUR, 5);
    sample.change(|analysis| {
        for (at, arm) in analysis.tasks[0].arms.iter_mut().enumerate() {
            let Some(versus) = &mut arm.versus_random else { continue };
            (versus.area.outcome, versus.area.mean.value) = ([0, 1, 0, -1][at], 0.01);
            let saving = versus.saving.as_mut().unwrap();
            (saving.labels, saving.ratio.value) = (Some(178.0), 1.91);
            saving.ratio.interval = Some((1.4, 2.5));
        }
    });
    let html = sample.report("On digits").html().unwrap();
    let start = "On digits\n1.9 times fewer labels\n, 1.4 to 2.5\n\
                 margin reached random’s final accuracy of 82.0 % with 178 labels; random needed 340.\n\
                 No evidence for: bald.\nWorse than random: k-means.\ndigits with mlp: 95 % interval of margin alone, 5 seeds; \
                 p = 0.012 by a paired t-test of the areas, after Holm’s method for 3 comparisons.\n\
                 Every comparison with its test\n";
    assert!(read(&html).starts_with(start), "{}", read(&html));
    let (folded, _) = html.split_once("margin is better").unwrap();
    assert!(folded.matches("<details").count() == 1 + folded.matches("</details").count());
    // A ratio that may be 1, or that has no interval, is no headline: the difference that was tested is.
    for interval in [Some((1.04, 2.5)), Some((0.0, 2.5)), None] {
        sample.change(|analysis| {
            let versus = analysis.tasks[0].arms[1].versus_random.as_mut().unwrap();
            versus.area.mean.interval = Some((0.004, 0.016));
            versus.saving.as_mut().unwrap().ratio.interval = interval;
        });
        let html = sample.report("On digits").html().unwrap();
        let start = "On digits\n+1.0 points of accuracy\n, +0.4 to +1.6\n\
                     margin has a higher accuracy than random, averaged over the learning curve.\nmargin reached ";
        assert!(read(&html).starts_with(start), "{}", read(&html));
    }
}

#[test]
fn a_null_result_says_no_evidence_first() {
    let mut one = sample(&[("digits", "mlp")], &FOUR, 5);
    let mut several = three_tasks();
    let nothing = |analysis: &mut Analysis| {
        let arms = analysis.tasks.iter_mut().flat_map(|task| &mut task.arms);
        arms.filter_map(|arm| arm.versus_random.as_mut()).for_each(|versus| versus.area.outcome = 0);
    };
    one.change(nothing);
    several.change(nothing);
    for sample in [one, several] {
        let text = read(&sample.report("T").html().unwrap());
        assert!(
            text.starts_with("T\nNo evidence\nThe data do not show that any strategy beats random"),
            "{text}"
        );
    }
    let text = read(&sample(&[("digits", "mlp")], &["random", "margin"], 2).report("T").html().unwrap());
    assert!(text.starts_with("T\nNo evidence yet\n"), "{text}");
    let text = read(&one_seed().report("T").html().unwrap());
    assert!(text.starts_with("T\nNo comparison\n"), "{text}");
}

#[test]
fn several_tasks_are_counted_and_their_means_explained() {
    let mut sample = three_tasks();
    sample.change(|analysis| {
        for (at, task) in analysis.tasks.iter_mut().enumerate() {
            for (arm, outcomes) in [(1, [1, 1, 0]), (2, [-1, 0, 0]), (3, [1, -1, 0])] {
                task.arms[arm].versus_random.as_mut().unwrap().area.outcome = outcomes[at];
            }
            task.arms[1].versus_random.as_mut().unwrap().area.mean.value = -0.0123;
        }
        let iqm = Estimate { value: 0.0186, interval: Some((0.0117, 0.0256)) };
        analysis.across[1].iqm_difference = Some(iqm);
    });
    let html = sample.report("T").html().unwrap();
    let text = read(&html);
    let start = "T\nBetter on 2 of 3 tasks\nmargin beat random on 2 of 3 tasks. On 1 there is no evidence.\nAveraged over the tasks, its \
                 gain is +1.9 points, +1.2 to +2.6 (interquartile mean of the areas).\nWorse than random: bald on 1.\n";
    assert!(text.starts_with(start), "{text}");
    assert!(text.contains("Two measures that can differ: the counts are tests of single tasks"), "{text}");
    assert!(
        html.contains("<td>2, 1, 0</td><td>+1.9 ± 0.7</td><td class=\"task t0 found\">▲ −1.2</td>"),
        "{html}"
    );
    assert!(!html.contains("over-labels either"), "charts of several tasks stand side by side");
    sample.change(|analysis| {
        let versus = analysis.tasks[2].arms[1].versus_random.as_mut().unwrap();
        versus.area.outcome = -1;
    });
    let text = read(&sample.report("T").html().unwrap());
    assert!(text.starts_with(
        "T\nBetter on 2, worse on 1 of 3 tasks\nmargin beat random on 2 of 3 tasks. It lost on 1.\n"
    ));
}

#[test]
fn the_chart_of_one_task_is_as_wide_as_the_page() {
    let html = thirteen_strategies().report("").html().unwrap();
    let wide = html.split("<svg").filter(|svg| svg.starts_with(" viewBox=\"0 0 880 ")).collect::<Vec<_>>();
    assert_eq!(wide.len(), 2, "over labels and over time");
    for (svg, strategy) in wide.iter().flat_map(|svg| THIRTEEN.map(|strategy| (svg, strategy))) {
        assert!(svg.contains(&format!(">{strategy}</text>")), "{strategy}");
    }
    assert_eq!(html.matches("<div class=\"over-labels either\"><svg viewBox=\"0 0 420 ").count(), 1);
}

#[test]
fn minus_signs_are_true_ones() {
    for (name, mut sample) in samples() {
        sample.change(|analysis| {
            analysis.verdict.push("k-center lost -0.53 points (-1.20 to +0.10).".into());
            for task in &mut analysis.tasks {
                for arm in &mut task.arms {
                    if let Some(versus) = &mut arm.versus_random {
                        versus.area.mean = Estimate { value: -0.02, interval: Some((-0.03, -0.005)) };
                    }
                }
            }
        });
        let text = read(&sample.report(name).html().unwrap());
        assert!(text.contains("k-center lost −0.53 points (−1.20 to +0.10)."), "{name}: {text}");
        for (at, _) in text.match_indices('-') {
            let is_word = text[..at].ends_with(|before: char| before.is_alphanumeric());
            assert!(is_word, "{name}: {}", &text[at..].lines().next().unwrap());
        }
    }
}

#[test]
fn one_colour_means_one_thing() {
    let sample = thirteen_strategies();
    let files = sample.report("").figures().unwrap();
    let svg = |name: &str| {
        let file = files.iter().find(|file| file.name == format!("figures/{name}.svg")).unwrap();
        String::from_utf8(file.bytes.clone()).unwrap()
    };
    let colours = |svg: &str| {
        let colours =
            svg.match_indices("=\"#").map(|(at, _)| svg[at + 2..].split('"').next().unwrap().to_owned());
        colours.collect::<BTreeSet<_>>()
    };
    let curves = colours(&svg("learning-curves-fashion-mini-mlp"));
    let words = ["#1a1d21", "#555e68", "#dde1e6", "#fff"];
    let strategies = curves.iter().filter(|colour| !words.contains(&colour.as_str()));
    let strategies = strategies.cloned().collect::<BTreeSet<_>>();
    assert_eq!(strategies.len(), 7, "six colours and grey; the seventh colour is that of words");
    for map in ["classes-fashion-mini-mlp", "confusion-fashion-mini-mlp", "penalty"] {
        assert!(colours(&svg(map)).is_disjoint(&strategies), "{map}");
    }
    assert!(colours(&svg("time-fashion-mini-mlp")).is_superset(&strategies));
}

/// The variables of a block of the style sheet.
fn colours(css: &str) -> BTreeMap<&str, [u8; 3]> {
    let (block, _) = css.split_once('}').unwrap();
    let lines =
        block.lines().filter_map(|line| line.trim().strip_prefix("--")?.strip_suffix(';')?.split_once(": #"));
    let part = |hex: &str, at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    lines.map(|(name, hex)| (name, [part(hex, 0), part(hex, 2), part(hex, 4)])).collect()
}

#[test]
fn words_are_readable_in_the_light_and_in_the_dark() {
    let css = include_str!("../../templates/report.css");
    let blocks = css.match_indices(":root {").map(|(at, _)| colours(&css[at..])).collect::<Vec<_>>();
    let [light, dark] = &blocks[..] else { panic!("{blocks:?}") };
    assert!(light.keys().eq(dark.keys()) && light.len() > 12, "{light:?} {dark:?}");
    let contrast = |a, b| {
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        f64::max(a, b) / f64::min(a, b)
    };
    for colours in [light, dark] {
        for words in ["ink", "muted", "link"] {
            for paper in ["paper", "raised", "warned"] {
                let contrast = contrast(colours[words], colours[paper]);
                assert!(contrast >= 4.5, "{words} on {paper}: {contrast}");
            }
        }
    }
    // Which words are on a cell is decided for the light page.
    for (name, paint) in [("violet", Paint::Violet), ("olive", Paint::Olive), ("slate", Paint::Slate)] {
        assert_eq!(paint.rgb(), light[name]);
        for share in (0..=100).map(|share| f64::from(share) / 100.0) {
            let words = if on_cell(paint, share) == Paint::OnFull { "on-full" } else { "on-pale" };
            for colours in [light, dark] {
                let cell = mix(colours["paper"], colours[name], share);
                let contrast = contrast(colours[words], cell);
                assert!(contrast >= 4.5, "{words} on {name} at {share}: {contrast}");
            }
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (a, b) = (three_tasks(), three_tasks());
    let (a, b) = (a.report("a"), b.report("a"));
    assert_eq!(a.html().unwrap(), b.html().unwrap());
    let bytes = |report: &super::Report<'_>| {
        report.figures().unwrap().into_iter().map(|file| (file.name, file.bytes)).collect::<Vec<_>>()
    };
    assert!(bytes(&a) == bytes(&b));
}

#[test]
fn nothing_at_all_still_gives_a_page() {
    let sample = sample(&[], &[], 0);
    let html = sample.report("Nothing").html().unwrap();
    check_tags(&html);
    assert!(sample.report("Nothing").figures().unwrap().is_empty());
}

/// `DEEPAL_WRITE_REPORT=FOLDER cargo test -p deepal-engine --lib report` writes the samples there, to look at.
#[test]
fn samples_can_be_looked_at() {
    let Some(folder) = std::env::var_os("DEEPAL_WRITE_REPORT") else { return };
    for (name, sample) in samples() {
        let folder = Path::new(&folder).join(name);
        fs::create_dir_all(folder.join("figures")).unwrap();
        let title = format!("Sample report: {name}");
        fs::write(folder.join("report.html"), sample.report(&title).html().unwrap()).unwrap();
        for file in sample.report(&title).figures().unwrap() {
            fs::write(folder.join(file.name), file.bytes).unwrap();
        }
    }
}
