//! Groups of users.

use stopgate_api_types::user_group::{
    UserGroup, UserGroupList, UserGroupPatch, UserGroupPost, UserGroupRolePost, UserGroupRoles, UserGroupUsers,
    UserGroupUsersPost,
};

use crate::{Client, ClientError, Reply};

const GROUPS: [&str; 2] = ["system", "user-groups"];

impl Client {
    /// Lists groups: all, or those with a user, a name or an account.
    pub fn user_group_list(
        &self,
        user: Option<&str>,
        name: Option<&str>,
        account: Option<&str>,
    ) -> Result<Reply<UserGroupList>, ClientError> {
        self.get(&GROUPS)
            .query("contains_user", user)
            .query("user_group_name", name)
            .query("contains_account", account)
            .reply()
    }

    /// Creates a group.
    pub fn user_group_add(&self, request: &UserGroupPost) -> Result<Reply<UserGroup>, ClientError> {
        self.post(&GROUPS).json(request).reply()
    }

    /// One group.
    pub fn user_group_get(&self, id: &str) -> Result<Reply<UserGroup>, ClientError> {
        self.get(&["system", "user-groups", id]).reply()
    }

    /// Changes the description.
    pub fn user_group_update(&self, id: &str, patch: &UserGroupPatch) -> Result<Reply<UserGroup>, ClientError> {
        self.call(reqwest::Method::PATCH, &["system", "user-groups", id]).json(patch).reply()
    }

    /// Deletes a group.
    pub fn user_group_delete(&self, id: &str) -> Result<(), ClientError> {
        self.delete(&["system", "user-groups", id]).done()
    }

    /// Roles that a group gives.
    pub fn user_group_roles(&self, id: &str) -> Result<Reply<UserGroupRoles>, ClientError> {
        self.get(&["system", "user-groups", id, "roles"]).reply()
    }

    /// Adds roles.
    pub fn user_group_role_add(
        &self,
        id: &str,
        request: &UserGroupRolePost,
    ) -> Result<Reply<UserGroupRoles>, ClientError> {
        self.post(&["system", "user-groups", id, "roles"]).json(request).reply()
    }

    /// Takes every role for an account away.
    pub fn user_group_role_delete(&self, id: &str, account: &str) -> Result<(), ClientError> {
        self.delete(&["system", "user-groups", id, "roles"]).query("all_roles_for_account", Some(account)).done()
    }

    /// Members.
    pub fn user_group_users(&self, id: &str) -> Result<Reply<UserGroupUsers>, ClientError> {
        self.get(&["system", "user-groups", id, "users"]).reply()
    }

    /// Adds members.
    pub fn user_group_user_add(
        &self,
        id: &str,
        request: &UserGroupUsersPost,
    ) -> Result<Reply<UserGroupUsers>, ClientError> {
        self.post(&["system", "user-groups", id, "users"]).json(request).reply()
    }

    /// Removes members.
    pub fn user_group_user_delete(&self, id: &str, users: &[String]) -> Result<(), ClientError> {
        self.delete(&["system", "user-groups", id, "users"]).query("username", Some(&users.join(","))).done()
    }
}
