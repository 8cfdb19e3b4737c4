//! Roles and their members.

use stopgate_api_types::rbac::{
    RbacManagerRole, RbacManagerRoleMember, RbacManagerRoleMemberList, RbacManagerRoleSummaryList,
};

use crate::{Client, ClientError, Reply};

impl Client {
    /// Lists roles.
    pub fn role_list(&self) -> Result<Reply<RbacManagerRoleSummaryList>, ClientError> {
        self.get(&["rbac-manager", "roles"]).reply()
    }

    /// One role with its permissions.
    pub fn role_get(&self, role: &str) -> Result<Reply<RbacManagerRole>, ClientError> {
        self.get(&["rbac-manager", "roles", role]).reply()
    }

    /// Who has a role.
    pub fn role_members(&self, role: &str) -> Result<Reply<RbacManagerRoleMemberList>, ClientError> {
        self.get(&["rbac-manager", "roles", role, "members"]).reply()
    }

    /// Gives a role to a user.
    pub fn role_member_add(
        &self,
        role: &str,
        member: &RbacManagerRoleMember,
    ) -> Result<Reply<RbacManagerRoleMember>, ClientError> {
        self.post(&["rbac-manager", "roles", role, "members"]).json(member).reply()
    }
}
