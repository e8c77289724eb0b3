//! A context as keys and values.

use std::path::PathBuf;

use super::Entries;
use crate::yaml::Yaml;
use crate::{Bound, Context, Limit};

pub(super) fn print(context: &Context, entries: &mut Entries) {
    let Context {
        user,
        group,
        groups,
        env,
        env_file,
        directory,
        umask,
        nice,
        oom_score_adj,
        limits,
        tty,
        no_new_privileges,
        capabilities,
        private_tmp,
        read_only,
        hide,
        cgroup,
    } = context;
    let mut put = |key, value: Option<Yaml>| entries.extend(value.map(|value| (key, value)));
    put("user", user.as_ref().map(Yaml::text));
    put("group", group.as_ref().map(Yaml::text));
    put("groups", some(groups).map(Yaml::texts));
    put("env", some(env).map(pairs));
    put("env-file", paths(env_file));
    put("directory", directory.as_ref().map(|path| Yaml::text(path.to_string_lossy())));
    put("umask", umask.map(|bits| Yaml::Text(format!("{bits:04o}"))));
    put("nice", nice.map(|number| Yaml::Text(number.to_string())));
    put("oom-score-adj", oom_score_adj.map(|number| Yaml::Text(number.to_string())));
    put("limits", some(limits).map(|limits| Yaml::Map(limits.iter().map(bound).collect())));
    put("tty", tty.as_ref().map(|path| Yaml::text(path.to_string_lossy())));
    put("no-new-privileges", no_new_privileges.then(|| Yaml::text("true")));
    put("capabilities", capabilities.as_ref().map(Yaml::texts));
    put("private-tmp", private_tmp.then(|| Yaml::text("true")));
    put("read-only", paths(read_only));
    put("hide", paths(hide));
    put("cgroup", some(cgroup).map(pairs));
}

fn some<T>(items: &[T]) -> Option<&[T]> {
    (!items.is_empty()).then_some(items)
}

fn paths(paths: &[PathBuf]) -> Option<Yaml> {
    some(paths).map(|paths| Yaml::texts(paths.iter().map(|path| path.to_string_lossy())))
}

fn pairs(pairs: &[(String, String)]) -> Yaml {
    Yaml::Map(pairs.iter().map(|(key, value)| (key.clone(), Yaml::text(value))).collect())
}

fn bound((limit, Bound { soft, hard }): &(Limit, Bound)) -> (String, Yaml) {
    let number = |number: &Option<u64>| number.map_or_else(|| "unlimited".into(), |number| number.to_string());
    let text = if soft == hard { number(hard) } else { format!("{}:{}", number(soft), number(hard)) };
    (limit.name().into(), Yaml::Text(text))
}
