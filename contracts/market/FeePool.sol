// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IFeePool} from "../interfaces/IFeePool.sol";
import {EmissionMath} from "../math/EmissionMath.sol";

/// @title FeePool
/// @notice Splits usage fees between validators, the emission pool and the treasury. See {IFeePool}.
contract FeePool is IFeePool, Ownable, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice The most that the treasury may get of fees, WAD: the rest goes back to those who do the work.
    uint256 public constant MAX_TREASURY_SHARE = 0.5e18;
    uint256 private constant WAD = 1e18;

    IERC20 public immutable masa;
    FeeSplit private _split;
    Recipients private _recipients;

    constructor(address owner_, IERC20 masa_, Recipients memory recipients_, FeeSplit memory split) Ownable(owner_) {
        if (address(masa_) == address(0)) revert FeePool_ZeroAddress();
        masa = masa_;
        _setRecipients(recipients_);
        _setFeeSplit(split);
    }

    /// @inheritdoc IFeePool
    function distribute() external nonReentrant returns (uint256 validators, uint256 emission, uint256 treasury) {
        uint256 balance = masa.balanceOf(address(this));
        if (balance == 0) revert FeePool_NothingToDistribute();
        validators = EmissionMath.shareDown(balance, _split.validators.unwrap());
        emission = EmissionMath.shareDown(balance, _split.emission.unwrap());
        treasury = balance - validators - emission;
        Recipients memory to = _recipients;
        emit FeesDistributed(validators, emission, treasury);
        if (validators != 0) {
            masa.forceApprove(address(to.distributor), validators);
            to.distributor.fundValidators(validators);
        }
        if (emission != 0) {
            masa.forceApprove(address(to.emissions), emission);
            to.emissions.fund(emission);
        }
        if (treasury != 0) masa.safeTransfer(to.treasury, treasury);
    }

    /// @inheritdoc IFeePool
    function setFeeSplit(FeeSplit calldata split) external onlyOwner {
        _setFeeSplit(split);
    }

    /// @inheritdoc IFeePool
    function setRecipients(Recipients calldata recipients_) external onlyOwner {
        _setRecipients(recipients_);
    }

    /// @inheritdoc IFeePool
    function feeSplit() external view returns (FeeSplit memory) {
        return _split;
    }

    /// @inheritdoc IFeePool
    function recipients() external view returns (Recipients memory) {
        return _recipients;
    }

    function _setFeeSplit(FeeSplit memory split) private {
        uint256 given = uint256(split.validators.unwrap()) + split.emission.unwrap();
        uint256 least = WAD - MAX_TREASURY_SHARE;
        if (given < least || given > WAD) revert FeePool_OutOfRange("feeSplit", given, least, WAD);
        emit FeeSplitSet(_split, split);
        _split = split;
    }

    function _setRecipients(Recipients memory to) private {
        if (address(to.distributor) == address(0) || address(to.emissions) == address(0) || to.treasury == address(0))
            revert FeePool_ZeroAddress();
        emit RecipientsSet(_recipients, to);
        _recipients = to;
    }
}
