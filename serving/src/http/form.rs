//! Small bodies, read member by member: every one that breaks a rule is told by a pointer to it, and none of what it holds.

use std::borrow::Cow;

use lapwing_features::{Calendar, Timestamp};

use super::body;
use super::cell::Cell;
use super::members::{Listed, Members};
use super::place::MAX_TEXT;
use super::problem::{MOST_ERRORS, Problem};
use super::wire::FieldError;
use crate::clock;

/// Most entries of any list.
const MOST: usize = 1_000;
/// How far a caller's clock may be ahead, in microseconds.
const AHEAD: i64 = 60_000_000;

/// What an id of a customer is.
pub(super) const ID: &str = "text of 1 to 1024 bytes, or a whole number";

/// Whether this may be the id of a customer.
pub(super) fn is_id(id: &str) -> bool {
    !id.trim().is_empty() && id.len() <= MAX_TEXT && !id.contains('\0')
}

/// An object in work.
pub(super) struct Form<'a> {
    /// Pointer to it.
    at: String,
    members: Members<'a>,
    errors: Vec<FieldError>,
}

impl<'a> Form<'a> {
    /// What `fill` takes of a body that is an object of the members `known`.
    ///
    /// # Errors
    /// [`Problem::TooDeep`], [`Problem::NotJson`], or [`Problem::WrongShape`] with every member that breaks a rule.
    pub(super) fn read<T>(bytes: &'a [u8], known: &'static [&'static str], fill: impl FnOnce(&mut Self) -> T) -> Result<T, Problem> {
        let json = body::json(bytes)?;
        let members = Members::read(json, known)
            .map_err(|error| if error.is_data() { Problem::field("", "must be an object") } else { body::not_json(&error) })?;
        let mut form = Self::of(String::new(), members);
        let filled = fill(&mut form);
        if form.errors.is_empty() { Ok(filled) } else { Err(Problem::WrongShape(form.errors)) }
    }

    fn of(at: String, members: Members<'a>) -> Self {
        let errors = members.errors(&at);
        Self { at, members, errors }
    }

    /// Notes that a member breaks a rule.
    fn refuse(&mut self, name: &str, rule: impl Into<String>) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(FieldError { pointer: format!("{}/{name}", self.at), detail: rule.into() });
        }
    }

    /// What `of` makes of a member; `None` where that is null or not there. One that it makes nothing of breaks the rule.
    pub(super) fn get<T>(&mut self, name: &str, rule: &str, of: impl FnOnce(&Cell<'_>) -> Option<T>) -> Option<T> {
        let value = match self.members.get::<Cell>(name) {
            Ok(None) => return None,
            Ok(Some(cell)) => of(&cell),
            Err(_) => None,
        };
        if value.is_none() {
            self.refuse(name, rule);
        }
        value
    }

    /// `value`, which is what was made of a member that must be there.
    pub(super) fn needed<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if matches!(self.members.get::<Cell>(name), Ok(None)) {
            self.refuse(name, "must be given");
        }
        value
    }

    /// Text of at most so many characters; `None` where it is blank.
    pub(super) fn text(&mut self, name: &str, most: usize) -> Option<String> {
        let fits = |text: &str| text.chars().count() <= most && !text.contains('\0');
        let text = self.get(name, &format!("must be text of at most {most} characters"), |cell| match cell {
            Cell::Text(text) if fits(text) => Some(text.clone().into_owned()),
            _ => None,
        });
        text.filter(|text| !text.trim().is_empty())
    }

    /// The id of a customer, which must be there.
    pub(super) fn customer(&mut self, name: &str) -> Option<String> {
        let id = self.get(name, &format!("must be {ID}"), |cell| cell.name().filter(|id| is_id(id)).map(Cow::into_owned));
        self.needed(name, id)
    }

    /// An instant that is not to come; a date is midnight in UTC.
    pub(super) fn instant(&mut self, name: &str) -> Option<Timestamp> {
        let at = self.get(name, "must be RFC 3339 or a date, between 1900 and 2200", |cell| match cell {
            Cell::Text(text) => Calendar::utc().parse(text).ok().filter(|at| at.is_plausible()),
            _ => None,
        });
        if at.is_some_and(|at| at.0 > clock::now().0 + AHEAD) {
            self.refuse(name, "must not be in the future");
        }
        at
    }

    /// A truth value.
    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        self.get(name, "must be true or false", |cell| if let Cell::Flag(flag) = cell { Some(*flag) } else { None })
    }

    /// What `of` takes of each of 1 to `most` objects of the members `known`.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        most: usize,
        known: &'static [&'static str],
        of: impl Fn(&mut Form<'_>) -> Option<T>,
    ) -> Vec<T> {
        let listed = self.members.get::<Listed<MOST>>(name).ok().flatten();
        let Some(listed) = listed.filter(|listed| (1..=most.min(MOST)).contains(&listed.count)) else {
            self.refuse(name, format!("must be an array of 1 to {most} objects"));
            return Vec::new();
        };
        let mut taken = Vec::with_capacity(listed.kept.len());
        for (place, json) in listed.kept.into_iter().enumerate() {
            let Ok(members) = Members::read(json, known) else {
                self.refuse(&format!("{name}/{place}"), "must be an object");
                continue;
            };
            let mut form = Form::of(format!("{}/{name}/{place}", self.at), members);
            taken.extend(of(&mut form));
            self.errors.extend(form.errors);
            self.errors.truncate(MOST_ERRORS);
        }
        taken
    }
}
