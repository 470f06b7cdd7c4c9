//! File below, environment above: figment lays one over the other.

use figment::value::{Dict, Map, Value};
use figment::{Error, Figment, Metadata, Profile, Provider};

/// The name of the environment's layer.
pub(super) const ENVIRONMENT: &str = "environment";

/// Already read values, handed to figment as they are.
///
/// figment's own providers are not used: they turn `0012` into 12, name no line, and print values in errors.
struct Layer {
    name: &'static str,
    values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

/// The layers as figment keeps them, and the values that won.
pub(super) fn merge(file: Dict, environment: Dict) -> (Figment, Dict) {
    let file = Layer { name: "file", values: file };
    let environment = Layer { name: ENVIRONMENT, values: environment };
    let figment = Figment::from(file).merge(environment);
    // Neither layer can fail, and the empty path is the whole.
    let values = figment.find_value("").ok().and_then(Value::into_dict).unwrap_or_default();
    (figment, values)
}
