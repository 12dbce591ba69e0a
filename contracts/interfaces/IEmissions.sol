// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UD2x18} from "@prb/math/src/UD2x18.sol";

/// @title The emission pool (decision D17)
/// @notice An epoch that is over and whose report became final releases a fixed share of what the pool holds, once. The
/// release is geometric: it can never exceed the pool, and an epoch without a report releases nothing. It is split in
/// four: validators and workers are paid through the caller, the reward distributor; data contributors and governance
/// participants have a pot each, kept here until a module that pays from it is granted that right.
/// @dev The ledger never reads the balance: a donation moves nothing.
interface IEmissions {
    /// @notice Whose share waits here.
    enum Pot {
        DataContributors,
        GovernanceParticipants
    }

    /// @dev Shares of a release sum to 1.
    struct EmissionParameters {
        UD2x18 rate; // of what remains, an epoch, WAD, in (0, MAX_RATE]
        UD2x18 validators; // WAD
        UD2x18 workers;
        UD2x18 dataContributors;
        UD2x18 governanceParticipants;
    }

    /// @notice `amount` was added to the pool, which holds `pool` now, wei.
    event Funded(address indexed from, uint256 amount, uint256 pool);
    /// @notice What each was given of the release of `epoch`, and what the pool holds now, wei.
    event Released(
        uint64 indexed epoch,
        uint256 validators,
        uint256 workers,
        uint256 dataContributors,
        uint256 governanceParticipants,
        uint256 pool
    );
    event PaidFromPot(Pot indexed pot, address indexed to, uint256 amount, uint256 left);
    /// @notice Holds for the release of `fromEpoch` and of later ones.
    event EmissionParametersSet(uint64 indexed fromEpoch, EmissionParameters previous, EmissionParameters current);

    error Emissions_ZeroAddress();
    error Emissions_ZeroAmount();
    error Emissions_FeeOnTransfer(uint256 asked, uint256 received);
    /// @notice The epoch, or a later one, was released already.
    error Emissions_EpochNotAfter(uint64 epoch, uint64 lastReleased);
    /// @notice An epoch is released when it is over.
    error Emissions_EpochNotOver(uint64 epoch, uint64 currentEpoch);
    error Emissions_OutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    error Emissions_SharesDoNotSumToOne(uint256 sum);
    error Emissions_InsufficientPot(Pot pot, uint256 held, uint256 asked);

    /// @notice Adds `amount` of the caller's MASA to the pool. Anyone may call, with an allowance.
    function fund(uint256 amount) external;

    /// @notice Releases ⌊pool · rate⌋ for `epoch`, which is over and later than any released before, and sends the
    /// validators' and the workers' part to the caller. Right RELEASE.
    /// @return validators Wei, rounded down.
    /// @return workers Wei, rounded down.
    function release(uint64 epoch) external returns (uint256 validators, uint256 workers);

    /// @notice Pays `amount` of a pot to `to`. Right DATA for data contributors, GOVERNANCE for governance participants.
    function pay(Pot pot, address to, uint256 amount) external;

    /// @notice Sets rate and shares from the release of the current epoch on: the one before, which may still come, keeps
    /// what the roll announced. Owner only.
    function setEmissionParameters(EmissionParameters calldata parameters) external;

    /// @notice The release that comes next, if nothing changes: of the epoch before this one, or of this one where that
    /// was released already.
    /// @return total What leaves the pool, wei: the sum of all four parts, each rounded down.
    /// @return validators Of it, for validators, wei.
    /// @return workers Of it, for workers, wei.
    function nextRelease() external view returns (uint256 total, uint256 validators, uint256 workers);

    /// @notice What is left to release, wei.
    function pool() external view returns (uint256);

    /// @notice What a pot holds, wei.
    function potOf(Pot pot) external view returns (uint256);

    /// @notice The last epoch that was released; 0 if none.
    function lastReleasedEpoch() external view returns (uint64);

    /// @notice Rate and shares that hold for the release of `epoch`, as things stand. Of epochs before the last two
    /// changes nothing is kept: they give the older of the two.
    function emissionParametersFor(uint64 epoch) external view returns (EmissionParameters memory);
}
