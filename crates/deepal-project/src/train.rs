//! The net on all labels, with what can be said of it.

use crate::cross_validation::CrossValidation;
use crate::state::{NetRecord, State};
use crate::work::{class, with_classes};
use crate::{reserve::Reserve, setup::Setup};
use deepal_core::seed::{Purpose, derive, mix};
use deepal_core::{Class, SampleId};
use deepal_data::source::Source;
use deepal_engine::{About, Catalog, Error, Monitor, Result, check_classes, write_net};
use deepal_nn::nets::Options;
use std::collections::BTreeSet;
use std::path::Path;

/// Trains a net on all labels and writes it to `out`; `audit` is what a net without those of the audit got right of them.
pub(crate) fn train(
    source: &Source,
    setup: &Setup,
    state: &State,
    reserve: &Reserve,
    out: &Path,
    monitor: &Monitor<'_>,
) -> Result<NetRecord> {
    let source = with_classes(source, state.class_names());
    let labeled = state.items.iter().enumerate().filter(|(row, _)| !reserve.is_test(*row));
    let labeled = labeled.filter_map(|(row, item)| Some((SampleId::from(row), class(item.class?))));
    let labeled = labeled.collect::<Vec<_>>();
    let of = labeled.iter().map(|(_, class)| *class).collect::<BTreeSet<_>>();
    if of.len() < 2 {
        return Err(Error::Setting(format!(
            "a net needs labels of two classes at least, and there are {} labels of {} classes; answer more questions first",
            labeled.len(),
            of.len()
        )));
    }
    let data = source.dataset((0..source.ids.len()).collect());
    let options = Options::default();
    let name = setup.net_name(data.meta());
    check_classes(data.meta(), labeled.len(), None)?;
    let net = Catalog::default().net(name, data.meta(), &options)?;
    let seed = derive(setup.seed, labeled.len() as u32, Purpose::Train);

    let classes = labeled.iter().map(|(_, class)| *class).collect::<Vec<Class>>();
    let mut fold = 0;
    let cross_validation =
        CrossValidation::measure(&classes, data.meta().classes.len(), setup.seed, |train, test| {
            let train = train.iter().map(|at| labeled[*at]).collect::<Vec<_>>();
            let test = test.iter().map(|at| labeled[*at].0).collect::<Vec<_>>();
            fold += 1;
            let (trained, _) = net.train(data.as_ref(), &train, mix(seed, fold), &mut monitor.watch())?;
            Ok(trained.predict_proba(data.as_ref(), &test)?)
        })?;

    let (trained, _) = net.train(data.as_ref(), &labeled, seed, &mut monitor.watch())?;
    let mut about = About::of_source(&source, name, options.training, setup.model.as_ref());
    about.learnt_from = labeled.iter().map(|(id, _)| source.ids[id.index()].clone()).collect();
    about.learnt_from.sort();
    write_net(out, &about, trained.as_ref())?;
    Ok(NetRecord { event: 0, at: 0, file: out.into(), n_labeled: labeled.len(), cross_validation })
}
