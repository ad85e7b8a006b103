//! What the next labels would gain: advice on when to stop.

use crate::accuracy::FEWEST;
use crate::answer::EventId;
use crate::setup::Setup;
use crate::state::State;
use deepal_core::stats::{CurvePoint, gain_forecast};
use serde::Serialize;
use std::sync::{Mutex, PoisonError};

/// How many labels ahead the forecast looks.
pub const NEXT: usize = 100;

/// What the next labels would gain in accuracy. Nothing is stopped by it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// How many labels it is about: 100, or as many as samples are left.
    pub more: usize,
    /// The expected gain, in `[-1, 1]`; `None` while it is too early to say.
    pub gain: Option<f64>,
    /// The 95 % interval of what the gain will be.
    pub interval: Option<(f64, f64)>,
    /// In a sentence, such as "100 more labels would bring about +1.8 points (95 % interval 0.2 to 4.0)" or "too early to say: …".
    pub sentence: String,
}

/// The newest forecast, and the training and number of labels that it is about. Making one takes some milliseconds, and the page asks after
/// every answer.
#[derive(Debug, Default)]
pub(crate) struct Newest(Mutex<Option<((EventId, usize), Forecast)>>);

impl Newest {
    /// Made anew only if there was a training, or the number of labels that it is about has changed.
    pub(crate) fn of(&self, state: &State, setup: &Setup) -> Forecast {
        let key = (state.trainings.last().map_or(0, |training| training.event), more(state));
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match newest.as_ref() {
            Some((known, forecast)) if *known == key => forecast.clone(),
            _ => newest.insert((key, of(state, setup))).1.clone(),
        }
    }
}

/// How many labels the forecast is about.
fn more(state: &State) -> usize {
    NEXT.min(state.items.iter().filter(|item| item.class.is_none() && !item.is_discarded).count())
}

/// From the trainings on record.
fn of(state: &State, setup: &Setup) -> Forecast {
    let more = more(state);
    let without = |sentence: String| Forecast { more, gain: None, interval: None, sentence };
    if more == 0 {
        return without("no sample is left to label".into());
    }
    if setup.audit == 0.0 {
        return without("unknown: the project draws no questions at random".into());
    }
    let Some(last) = state.trainings.last() else {
        return without("too early to say: no net has been trained yet".into());
    };
    if last.audit.1 < FEWEST {
        let drawn = last.audit.1;
        return without(format!(
            "too early to say: {drawn} of {FEWEST} samples drawn at random have a label"
        ));
    }
    // Nets of the rounds do not learn from the audit.
    match gain_forecast(&curve(state), more as f64 * (1.0 - setup.audit)) {
        Some(forecast) => {
            let points = |share: f64| format!("{:.1}", 100.0 * share).replace("-0.0", "0.0");
            let (low, high) = forecast.interval;
            let sign = if forecast.gain >= 0.0 { "+" } else { "" };
            let sentence = format!(
                "{more} more labels would bring about {sign}{} points (95 % interval {} to {})",
                points(forecast.gain),
                points(low),
                points(high)
            );
            Forecast { more, gain: Some(forecast.gain), interval: Some(forecast.interval), sentence }
        }
        None => without("too early to say: trainings with more labels are needed to compare".into()),
    }
}

/// Trainings as points of a learning curve, by ascending labels. Where labels were taken back, those with more are left out, and what they
/// changed counts as changed by the next.
fn curve(state: &State) -> Vec<CurvePoint> {
    let mut curve = Vec::<CurvePoint>::new();
    for training in &state.trainings {
        let labels = training.n_labeled as f64;
        let mut changed = training.agreement.map(|same| 1.0 - same);
        while let Some(point) = curve.pop_if(|point| point.labels >= labels) {
            changed = changed.zip(point.changed).map(|(a, b)| a + b);
        }
        let (right, of) = training.audit;
        curve.push(CurvePoint { labels, right, of, changed });
    }
    curve
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Item, TrainingRecord};

    fn state(open: usize, trainings: &[(usize, (usize, usize), Option<f64>)]) -> State {
        let record = |(n_labeled, audit, agreement): &(usize, (usize, usize), Option<f64>)| TrainingRecord {
            event: 0,
            at: 0,
            n_labeled: *n_labeled,
            seconds: 0.0,
            audit: *audit,
            agreement: *agreement,
        };
        State {
            classes: Vec::new(),
            items: vec![Item::default(); open],
            batch: None,
            trainings: trainings.iter().map(record).collect(),
            net: None,
            decisions: Vec::new(),
            predicted: Vec::new().into(),
            gone: Vec::new(),
        }
    }

    fn setup() -> Setup {
        Setup::new("photos", Vec::new())
    }

    #[test]
    fn it_says_what_is_missing_while_it_is_too_early() {
        let said = |state: &State, setup: &Setup| {
            let forecast = of(state, setup);
            assert_eq!((forecast.gain, forecast.interval), (None, None));
            forecast.sentence
        };
        assert_eq!(said(&state(0, &[]), &setup()), "no sample is left to label");
        assert_eq!(said(&state(9, &[]), &setup()), "too early to say: no net has been trained yet");
        let few = state(9, &[(50, (4, 5), None), (180, (14, 19), Some(0.9))]);
        assert_eq!(said(&few, &setup()), "too early to say: 19 of 20 samples drawn at random have a label");
        let one = state(9, &[(180, (14, 20), None)]);
        assert_eq!(
            said(&one, &setup()),
            "too early to say: trainings with more labels are needed to compare"
        );
        let none = said(&few, &Setup { audit: 0.0, ..setup() });
        assert_eq!(none, "unknown: the project draws no questions at random");
    }

    #[test]
    fn a_forecast_is_a_sentence_with_a_figure() {
        let trainings = [(90, (7, 10), None), (135, (12, 15), Some(0.95)), (180, (16, 20), Some(0.96))];
        let all = of(&state(500, &trainings), &setup());
        let (gain, (low, high)) = (all.gain.unwrap(), all.interval.unwrap());
        assert!(all.more == 100 && low < gain && gain < high && gain > 0.0, "{all:?}");
        let figures =
            format!("+{:.1} points (95 % interval {:.1} to {:.1})", 100.0 * gain, 100.0 * low, 100.0 * high);
        assert_eq!(all.sentence, format!("100 more labels would bring about {figures}"));
        let few = of(&state(30, &trainings), &setup());
        assert!(few.more == 30 && few.gain.unwrap() < gain && few.sentence.starts_with("30 more labels"));
    }

    #[test]
    fn it_is_made_anew_after_a_training_and_where_fewer_samples_are_left() {
        let newest = Newest::default();
        let mut state = state(120, &[(90, (7, 10), None), (180, (16, 20), Some(0.96))]);
        let first = newest.of(&state, &setup());
        assert_eq!((newest.of(&state, &setup()), &first), (first.clone(), &of(&state, &setup())));
        state.items.truncate(40);
        assert_eq!(newest.of(&state, &setup()).more, 40);
        let later = TrainingRecord { event: 9, n_labeled: 200, ..state.trainings[1].clone() };
        state.trainings.push(later);
        assert_eq!(newest.of(&state, &setup()), of(&state, &setup()));
    }

    #[test]
    fn labels_taken_back_leave_a_curve_that_ascends() {
        let trainings = [
            (50, (3, 5), None),
            (90, (7, 9), Some(0.9)),
            (90, (7, 10), Some(1.0)),
            (80, (7, 10), Some(0.98)),
        ];
        let curve = curve(&state(9, &trainings));
        assert_eq!(curve.iter().map(|point| point.labels).collect::<Vec<_>>(), [50.0, 80.0]);
        assert!((curve[1].changed.unwrap() - 0.12).abs() < 1e-12);
    }
}
