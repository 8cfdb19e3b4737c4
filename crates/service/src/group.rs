//! Groups of users.

use stopgate_store::group::{self, Group, GroupRole};
use stopgate_store::{StoreError, account, user};
use uuid::Uuid;

use crate::permission::Role;
use crate::users::no_role;
use crate::{Caller, Service, ServiceError, clock};

impl Service {
    /// All groups that fit.
    pub async fn groups(
        &self,
        member: Option<&str>,
        name: Option<&str>,
        account: Option<&str>,
    ) -> Result<Vec<Group>, ServiceError> {
        Ok(group::list(self.store().read(), member, name, account).await?)
    }

    /// Groups of who asks.
    pub async fn own_groups(&self, caller: &Caller) -> Result<Vec<Group>, ServiceError> {
        self.groups(Some(&caller.user.name), None, None).await
    }

    /// The group with this id.
    pub async fn group(&self, uuid: &str) -> Result<Group, ServiceError> {
        let found = group::find(self.store().read(), uuid).await?;
        found.ok_or_else(|| ServiceError::not_found(format!("there is no user group {uuid}")))
    }

    /// Makes a group.
    pub async fn add_group(&self, name: &str, description: &str) -> Result<Group, ServiceError> {
        let uuid = Uuid::new_v4().to_string();
        let tx = self.store().begin().await?;
        match group::create(tx.db(), &uuid, name, description, clock::now()).await {
            Err(StoreError::Duplicate) => {
                return Err(ServiceError::conflict(format!("there is already a user group `{name}`")));
            }
            done => done?,
        }
        tx.commit().await?;
        self.group(&uuid).await
    }

    /// Says what a group is for.
    pub async fn describe_group(&self, uuid: &str, description: &str) -> Result<Group, ServiceError> {
        let known = self.group(uuid).await?;
        let tx = self.store().begin().await?;
        group::describe(tx.db(), known.id, description, clock::now()).await?;
        tx.commit().await?;
        self.group(uuid).await
    }

    /// Deletes a group; its members lose the roles that it carried.
    pub async fn delete_group(&self, uuid: &str) -> Result<(), ServiceError> {
        let known = self.group(uuid).await?;
        let tx = self.store().begin().await?;
        group::delete(tx.db(), known.id).await?;
        tx.commit().await?;
        self.auth().rights_changed();
        Ok(())
    }

    /// Roles of a group.
    pub async fn group_roles(&self, known: &Group) -> Result<Vec<GroupRole>, ServiceError> {
        Ok(group::roles(self.store().read(), known.id).await?)
    }

    /// Gives roles in an account to the members of a group: all or none.
    pub async fn give_group_roles(&self, known: &Group, domain: &str, roles: &[String]) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        if account::find(tx.db(), domain).await?.is_none() {
            return Err(ServiceError::not_found(format!("User account not found: {domain}")));
        }
        for role in roles {
            let role = Role::find(role).ok_or_else(|| no_role(role))?.name.to_owned();
            let uuid = Uuid::new_v4().to_string();
            let new = GroupRole { uuid, role, domain: domain.to_owned(), created_at: clock::now() };
            group::add_role(tx.db(), known.id, &new).await?;
        }
        tx.commit().await?;
        self.auth().rights_changed();
        Ok(())
    }

    /// Takes roles from a group: single ones by their ids, and all of some accounts; all or none.
    pub async fn take_group_roles(&self, known: &Group, ids: &[&str], domains: &[&str]) -> Result<(), ServiceError> {
        if ids.is_empty() && domains.is_empty() {
            return Err(ServiceError::invalid("expected `membership_id` or `all_roles_for_account`"));
        }
        let tx = self.store().begin().await?;
        for id in ids {
            if !group::take_role(tx.db(), known.id, id).await? {
                let message = format!("the user group `{}` has no role with the id {id}", known.name);
                return Err(ServiceError::not_found(message));
            }
        }
        for domain in domains {
            if !group::take_roles_in(tx.db(), known.id, domain).await? {
                let message = format!("the user group `{}` has no roles in `{domain}`", known.name);
                return Err(ServiceError::not_found(message));
            }
        }
        tx.commit().await?;
        self.auth().rights_changed();
        Ok(())
    }

    /// Members of a group with when they were added.
    pub async fn group_members(&self, known: &Group) -> Result<Vec<(String, jiff::Timestamp)>, ServiceError> {
        Ok(group::members(self.store().read(), known.id).await?)
    }

    /// Adds members to a group: all or none.
    pub async fn add_group_members(&self, known: &Group, names: &[String]) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        for name in names {
            let found = user::find(tx.db(), name).await?;
            let member = found.ok_or_else(|| ServiceError::invalid(format!("there is no user `{name}`")))?;
            group::add_member(tx.db(), known.id, member.id, clock::now()).await?;
        }
        tx.commit().await?;
        self.auth().rights_changed();
        Ok(())
    }

    /// Removes members from a group: all or none.
    pub async fn remove_group_members(&self, known: &Group, names: &[&str]) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        for name in names {
            let gone = match user::find(tx.db(), name).await? {
                Some(member) => group::remove_member(tx.db(), known.id, member.id).await?,
                None => false,
            };
            if !gone {
                let message = format!("the user `{name}` is no member of the user group `{}`", known.name);
                return Err(ServiceError::not_found(message));
            }
        }
        tx.commit().await?;
        self.auth().rights_changed();
        Ok(())
    }
}
