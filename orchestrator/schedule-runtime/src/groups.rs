//! Groups of schedules: made, shown, and deleted with all that is in them.

use std::ops::Bound;
use std::sync::Arc;

use schedule::expression::Mistake;
use schedule::names::{self, DEFAULT_GROUP};
use store::contract::Write;

use crate::error::Error;
use crate::records::GroupRecord;
use crate::turn::Turn;
use crate::views::{GroupView, Page};

impl Turn<'_> {
    pub(crate) fn create_group(
        &mut self,
        name: &str,
        client_token: Option<String>,
    ) -> Result<GroupView, Error> {
        names::check("Name", name)?;
        if let Some(group) = self.book.groups.get(name) {
            let is_repeated = client_token.is_some() && group.client_token == client_token;
            if is_repeated {
                return Ok(self.book.group_view(name, group));
            }
            return Err(Error::GroupExists(name.to_owned()));
        }
        let limit = self.book.options.groups;
        if self.book.groups.len() >= limit {
            let what = "schedule groups";
            return Err(Error::LimitExceeded { what, limit });
        }
        let group = GroupRecord {
            created_at: self.now,
            modified_at: self.now,
            client_token,
        };
        self.set_group(&name.into(), Some(group));
        self.group(name)
    }

    pub(crate) fn delete_group(&mut self, name: &str) -> Result<(), Error> {
        let arn = self.group(name)?.arn;
        if name == DEFAULT_GROUP {
            let why = "the default group can't be deleted";
            return Err(Mistake::new("Name", name, why).into());
        }
        let beginning = format!("{name}/");
        let inside: Vec<Arc<str>> = self
            .book
            .entries
            .range::<str, _>((Bound::Included(&*beginning), Bound::Unbounded))
            .map(|(key, _)| key.clone())
            .take_while(|key| key.starts_with(&beginning))
            .collect();
        for key in inside {
            self.remove(&key);
        }
        self.set_group(&name.into(), None);
        self.write(Write::PutTags {
            arn: arn.into(),
            tags: Vec::new(),
        });
        Ok(())
    }

    pub(crate) fn group(&self, name: &str) -> Result<GroupView, Error> {
        let group = self.book.groups.get(name);
        let group = group.ok_or_else(|| Error::GroupDoesNotExist(name.to_owned()))?;
        Ok(self.book.group_view(name, group))
    }

    pub(crate) fn groups_page(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Page<GroupView> {
        let mut found = self
            .book
            .groups
            .iter()
            .filter(|(name, _)| name.starts_with(prefix))
            .filter(|(name, _)| after.is_none_or(|after| &***name > after));
        let items: Vec<_> = found
            .by_ref()
            .take(limit)
            .map(|(name, group)| self.book.group_view(name, group))
            .collect();
        let has_more = found.next().is_some();
        Page {
            next: items
                .last()
                .filter(|_| has_more)
                .map(|group| group.name.clone()),
            items,
        }
    }
}
