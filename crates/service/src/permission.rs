//! What may be allowed, and which role allows it.
//!
//! Names of permissions are the actions of the published API document; roles are fixed, as there.

/// A permission as a type.
pub trait Grant {
    /// The permission.
    const PERMISSION: Permission;
}

/// Declares the permissions with their names on the wire.
macro_rules! permissions {
    ($($variant:ident $name:literal),+ $(,)?) => {
        /// Something that may be allowed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission { $(#[doc = concat!("`", $name, "`")] $variant),+ }

        impl Permission {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        /// A type for each permission: what a handler needs stands in its signature.
        pub mod granted {
            use super::{Grant, Permission};

            $(
                #[doc = concat!("`", $name, "`")]
                #[derive(Debug, Clone, Copy)]
                pub enum $variant {}

                impl Grant for $variant {
                    const PERMISSION: Permission = Permission::$variant;
                }
            )+
        }
    };
}

permissions! {
    GetSystemConfig "getSystemConfig", UpdateSystemConfig "updateSystemConfig", UnsetSystemConfig "unsetSystemConfig",
    UpdateFeeds "updateFeeds", ListFeeds "listFeeds", UpdateLoggingLevel "updateLoggingLevel",
    GetResourceLimits "getResourceLimits", ListServices "listServices", GetService "getService",
    DeleteService "deleteService",
    GetAccount "getAccount", SelfListApiKeys "selfListApiKeys", SelfCreateApiKey "selfCreateApiKey",
    SelfGetApiKey "selfGetApiKey", SelfUpdateApiKey "selfUpdateApiKey", SelfDeleteApiKey "selfDeleteApiKey",
    ListAccounts "listAccounts", CreateAccount "createAccount", ListAllUsers "listAllUsers",
    UpdateAccount "updateAccount", ListUsers "listUsers", CreateUser "createUser",
    ListAccountUsersWithRoles "listAccountUsersWithRoles", ListApiKeys "listApiKeys", CreateApiKey "createApiKey",
    GetApiKey "getApiKey", UpdateApiKey "updateApiKey", DeleteApiKey "deleteApiKey", GetUser "getUser",
    UpdateUser "updateUser", DeleteUser "deleteUser", DeleteAccount "deleteAccount",
    ListRoles "listRoles", ListRoleMembers "listRoleMembers", CreateRoleMember "createRoleMember",
    DeleteRoleMember "deleteRoleMember", GetRole "getRole", ListUserGroups "listUserGroups",
    CreateUserGroup "createUserGroup", GetUserGroupRoles "getUserGroupRoles", AddUserGroupRole "addUserGroupRole",
    DeleteUserGroupRole "deleteUserGroupRole", GetUserGroupUsers "getUserGroupUsers",
    AddUserGroupUser "addUserGroupUser", DeleteUserGroupUser "deleteUserGroupUser", GetUserGroup "getUserGroup",
    UpdateUserGroup "updateUserGroup", DeleteUserGroup "deleteUserGroup",
    ListImages "listImages", CreateImage "createImage", DeleteImage "deleteImage", GetImage "getImage",
    ListVulnAnnotations "listVulnAnnotations", CreateVulnAnnotation "createVulnAnnotation",
    GetVulnAnnotation "getVulnAnnotation", UpdateVulnAnnotation "updateVulnAnnotation",
    DeleteVulnAnnotation "deleteVulnAnnotation", GetImageEvaluation "getImageEvaluation",
    ImportImage "importImage", ImportSource "importSource",
    ListSources "listSources", GetSourceEvaluation "getSourceEvaluation", GetSource "getSource",
    DeleteSource "deleteSource",
    GetCorrection "getCorrection", AddCorrection "addCorrection", UpdateCorrection "updateCorrection",
    DeleteCorrection "deleteCorrection", ListPolicies "listPolicies", CreatePolicy "createPolicy",
    GetPolicy "getPolicy", UpdatePolicy "updatePolicy", DeletePolicy "deletePolicy",
    ListRegistries "listRegistries", CreateRegistry "createRegistry", GetRegistry "getRegistry",
    UpdateRegistry "updateRegistry", DeleteRegistry "deleteRegistry", CreateRepository "createRepository",
    ListSubscriptions "listSubscriptions", CreateSubscription "createSubscription",
    GetSubscription "getSubscription", UpdateSubscription "updateSubscription",
    DeleteSubscription "deleteSubscription",
    GetApplication "getApplication", CreateApplication "createApplication", UpdateApplication "updateApplication",
    DeleteApplication "deleteApplication",
    GetECSContainers "getECSContainers", SyncInventory "syncInventory", GetECSServices "getECSServices",
    GetECSTasks "getECSTasks", ListRuntimeInventories "listRuntimeInventories", DeleteInventory "deleteInventory",
    GetKubernetesContainers "getKubernetesContainers", GetKubernetesNamespaces "getKubernetesNamespaces",
    DeleteKubernetesNamespaces "deleteKubernetesNamespaces", GetKubernetesNodes "getKubernetesNodes",
    GetKubernetesPods "getKubernetesPods", ReportHealth "reportHealth", GetIntegration "getIntegration",
    DeleteIntegration "deleteIntegration", RegisterIntegration "registerIntegration",
    ListIntegrations "listIntegrations",
    GetActions "getActions", AddAction "addAction", ListAlerts "listAlerts", GetAlert "getAlert",
    UpdateAlert "updateAlert", ListEvents "listEvents", DeleteEvents "deleteEvents", GetEvent "getEvent",
    ListNotificationEndpoints "listNotificationEndpoints",
    ListNotificationEndpointConfigurations "listNotificationEndpointConfigurations",
    CreateNotificationEndpointConfiguration "createNotificationEndpointConfiguration",
    GetNotificationEndpointConfiguration "getNotificationEndpointConfiguration",
    UpdateNotificationEndpointConfiguration "updateNotificationEndpointConfiguration",
    DeleteNotificationEndpointConfiguration "deleteNotificationEndpointConfiguration",
    UpdateNotificationEndpoint "updateNotificationEndpoint", ViewReports "viewReports",
    ListArchives "listArchives", ListArtifactRelationships "listArtifactRelationships",
    CreateArtifactRelationship "createArtifactRelationship",
    DeleteArtifactRelationships "deleteArtifactRelationships",
    GetArtifactRelationshipDiff "getArtifactRelationshipDiff", GetArtifactRelationship "getArtifactRelationship",
    GetArtifactLifecyclePolicy "getArtifactLifecyclePolicy",
    CreateArtifactLifecyclePolicy "createArtifactLifecyclePolicy",
    UpdateArtifactLifecyclePolicy "updateArtifactLifecyclePolicy",
    DeleteArtifactLifecyclePolicy "deleteArtifactLifecyclePolicy",
    // What anybody who is known may do: state of the service, own user, catalogue of gates.
    Known "",
    // What only users of the admin account may do, and no role allows.
    Administer "administer",
}

use Permission as P;

/// A role: its name, what it is for, what it allows.
#[derive(Debug, Clone, Copy)]
pub struct Role {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    allows: fn(Permission) -> bool,
}

impl Role {
    /// The role of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        ROLES.iter().find(|role| role.name == name)
    }

    /// Whether it allows something.
    pub fn allows(&self, permission: Permission) -> bool {
        (self.allows)(permission)
    }
}

/// What concerns the installation rather than an account: no role of an account allows it.
const fn of_installation(permission: P) -> bool {
    matches!(
        permission,
        P::Administer
            | P::GetSystemConfig
            | P::UpdateSystemConfig
            | P::UnsetSystemConfig
            | P::UpdateFeeds
            | P::UpdateLoggingLevel
            | P::DeleteService
            | P::ListAccounts
            | P::CreateAccount
            | P::DeleteAccount
            | P::UpdateAccount
            | P::ListAllUsers
            | P::ListUserGroups
            | P::CreateUserGroup
            | P::GetUserGroupRoles
            | P::AddUserGroupRole
            | P::DeleteUserGroupRole
            | P::GetUserGroupUsers
            | P::AddUserGroupUser
            | P::DeleteUserGroupUser
            | P::GetUserGroup
            | P::UpdateUserGroup
            | P::DeleteUserGroup
            | P::UpdateNotificationEndpoint
    )
}

/// Users of an account, their keys and roles.
const fn of_users(permission: P) -> bool {
    matches!(
        permission,
        P::ListUsers
            | P::CreateUser
            | P::UpdateUser
            | P::DeleteUser
            | P::GetUser
            | P::ListRoles
            | P::GetRole
            | P::ListRoleMembers
            | P::CreateRoleMember
            | P::DeleteRoleMember
            | P::ListAccountUsersWithRoles
            | P::ListApiKeys
            | P::CreateApiKey
            | P::GetApiKey
            | P::UpdateApiKey
            | P::DeleteApiKey
    )
}

/// What anybody who is known may do with what is their own.
const fn of_oneself(permission: P) -> bool {
    matches!(
        permission,
        P::Known
            | P::SelfListApiKeys
            | P::SelfCreateApiKey
            | P::SelfGetApiKey
            | P::SelfUpdateApiKey
            | P::SelfDeleteApiKey
    )
}

/// Reading, by the name: it lists or gets, and is about neither users nor the installation.
fn reads(permission: P) -> bool {
    let name = permission.name();
    (name.starts_with("list") || name.starts_with("get") || permission == P::ViewReports)
        && !of_users(permission)
        && !of_installation(permission)
}

/// What only agents do.
const fn of_agents(permission: P) -> bool {
    matches!(permission, P::SyncInventory | P::RegisterIntegration | P::ReportHealth | P::GetAccount)
}

/// The roles. Lists follow the documented ones; what the API gained since is placed beside its neighbours.
pub const ROLES: &[Role] = &[
    Role {
        name: "full-control",
        description: "Everything in an account",
        allows: |permission| !of_installation(permission),
    },
    Role {
        name: "account-user-admin",
        description: "Users of an account, their keys and roles",
        allows: |permission| of_users(permission) || permission == P::GetAccount,
    },
    Role {
        name: "read-write",
        description: "Everything in an account but its users",
        allows: |permission| !of_installation(permission) && !of_users(permission),
    },
    Role { name: "read-only", description: "Reading all that an account has", allows: reads },
    Role {
        name: "policy-editor",
        description: "Policies, and reading what they decide on",
        allows: |permission| {
            matches!(
                permission,
                P::ListImages
                    | P::ListSubscriptions
                    | P::ListPolicies
                    | P::GetImage
                    | P::GetPolicy
                    | P::GetImageEvaluation
                    | P::CreatePolicy
                    | P::UpdatePolicy
                    | P::DeletePolicy
                    | P::GetSourceEvaluation
                    | P::ListSources
                    | P::GetSource
                    | P::GetAccount
            )
        },
    },
    Role {
        name: "image-analyzer",
        description: "Adding images and sources, and reading what was decided: for pipelines",
        allows: |permission| {
            matches!(
                permission,
                P::ListImages
                    | P::GetImage
                    | P::CreateImage
                    | P::GetImageEvaluation
                    | P::ListEvents
                    | P::GetEvent
                    | P::ListSubscriptions
                    | P::GetSubscription
                    | P::ImportImage
                    | P::ImportSource
                    | P::GetSourceEvaluation
                    | P::ListSources
                    | P::GetSource
                    | P::ListPolicies
                    | P::GetPolicy
                    | P::GetApplication
                    | P::UpdateApplication
                    | P::GetAccount
            )
        },
    },
    Role {
        name: "image-developer",
        description: "Reading images and what was decided about them",
        allows: |permission| {
            matches!(permission, P::ListImages | P::GetImage | P::GetImageEvaluation | P::GetPolicy | P::GetAccount)
        },
    },
    Role { name: "report-admin", description: "Reading all that an account has, and its reports", allows: reads },
    Role {
        name: "registry-editor",
        description: "Credentials of registries",
        allows: |permission| {
            matches!(
                permission,
                P::ListRegistries
                    | P::GetRegistry
                    | P::CreateRegistry
                    | P::UpdateRegistry
                    | P::DeleteRegistry
                    | P::GetAccount
            )
        },
    },
    Role {
        name: "repo-analyzer",
        description: "Watching repositories and tags",
        allows: |permission| {
            matches!(
                permission,
                P::CreateRepository
                    | P::ListSubscriptions
                    | P::GetSubscription
                    | P::CreateSubscription
                    | P::UpdateSubscription
                    | P::DeleteSubscription
                    | P::GetAccount
            )
        },
    },
    Role { name: "inventory-agent", description: "Telling what runs: for agents in clusters", allows: of_agents },
    Role {
        name: "vuln-annotator-viewer",
        description: "Reading notes about vulnerabilities",
        allows: |permission| {
            matches!(permission, P::ListVulnAnnotations | P::GetVulnAnnotation | P::ListImages | P::GetImage)
        },
    },
    Role {
        name: "vuln-annotator-editor",
        description: "Writing notes about vulnerabilities",
        allows: |permission| {
            matches!(
                permission,
                P::ListVulnAnnotations
                    | P::GetVulnAnnotation
                    | P::CreateVulnAnnotation
                    | P::UpdateVulnAnnotation
                    | P::DeleteVulnAnnotation
                    | P::ListImages
                    | P::GetImage
            )
        },
    },
];

/// What somebody may do in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// Everything: a user of the admin account.
    Everything,
    /// What these roles allow, and what is one's own.
    Roles(Vec<String>),
}

impl Allowed {
    /// Whether something is allowed.
    pub fn allows(&self, permission: Permission) -> bool {
        match self {
            Self::Everything => true,
            Self::Roles(roles) => {
                of_oneself(permission)
                    || roles.iter().filter_map(|role| Role::find(role)).any(|role| role.allows(permission))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowed, Permission, ROLES, Role};

    fn of(role: &str) -> Vec<&'static str> {
        let role = Role::find(role).unwrap();
        Permission::ALL
            .iter()
            .filter(|permission| role.allows(**permission))
            .map(|permission| permission.name())
            .collect()
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = Permission::ALL.iter().map(|permission| permission.name()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn no_role_reaches_beyond_its_account() {
        for role in ROLES {
            for permission in [Permission::Administer, Permission::CreateAccount, Permission::UpdateFeeds] {
                assert!(!role.allows(permission), "{} {permission:?}", role.name);
            }
        }
    }

    #[test]
    fn readers_only_read() {
        for name in of("read-only") {
            assert!(name.starts_with("list") || name.starts_with("get") || name == "viewReports", "{name}");
        }
        assert!(!of("read-only").contains(&"listUsers"));
    }

    #[test]
    fn documented_lists() {
        let editor = of("policy-editor");
        for name in ["listImages", "getImageEvaluation", "createPolicy", "deletePolicy"] {
            assert!(editor.contains(&name), "{name}");
        }
        assert_eq!(of("inventory-agent"), ["getAccount", "syncInventory", "reportHealth", "registerIntegration"]);
    }

    #[test]
    fn without_a_role_one_is_only_oneself() {
        let nobody = Allowed::Roles(vec!["no-such-role".to_owned()]);
        let allowed: Vec<_> = Permission::ALL.iter().filter(|permission| nobody.allows(**permission)).collect();
        assert_eq!(allowed.len(), 6);
    }
}
