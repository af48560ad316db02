//! The operations of DynamoDB that the store uses.

/// Declares [`Action`]: each action is named as DynamoDB names it.
macro_rules! actions {
    ($($action:ident),+ $(,)?) => {
        /// An operation of DynamoDB.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Action {
            $($action,)+
        }

        impl Action {
            /// DynamoDB's name of it.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$action => stringify!($action),)+
                }
            }

            /// The header `x-amz-target`.
            pub(crate) fn target(self) -> &'static str {
                match self {
                    $(Self::$action => concat!("DynamoDB_20120810.", stringify!($action)),)+
                }
            }
        }
    };
}

actions![
    GetItem,
    PutItem,
    DeleteItem,
    Scan,
    BatchGetItem,
    BatchWriteItem,
    DescribeTable,
    CreateTable,
    DescribeTimeToLive,
    UpdateTimeToLive,
];

impl Action {
    /// Whether it changes what is stored.
    pub(crate) fn is_write(self) -> bool {
        match self {
            Self::PutItem | Self::DeleteItem | Self::BatchWriteItem | Self::CreateTable | Self::UpdateTimeToLive => {
                true
            }
            Self::GetItem | Self::Scan | Self::BatchGetItem | Self::DescribeTable | Self::DescribeTimeToLive => false,
        }
    }
}
