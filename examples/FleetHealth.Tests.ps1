<#
.SYNOPSIS
    Is the fleet well? One block of Pester tests for each host, and no question to anybody.
.DESCRIPTION
    Asks all hosts at once, then judges each: is it fit for tasks, has it room, and did its tasks of the last day go well. Made to be
    copied and added to; Invoke-FleetHealth.ps1 runs it with an exit code.
.PARAMETER HostName
    Names of the inventory, or addresses. Without it, the inventory without this machine.
.PARAMETER Capability
    Without -HostName: only hosts that have all of these.
.PARAMETER Require
    Checks that must pass on each host, beside those that must anyway: gpu, docker, claude.
.PARAMETER Hours
    How far back failed tasks count.
.EXAMPLE
    Invoke-Pester -Container (New-PesterContainer -Path ./FleetHealth.Tests.ps1 -Data @{ Capability = 'gpu' })
#>
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSReviewUnusedParameter', '', Justification = 'Pester''s blocks use them.')]
param(
    [string[]] $HostName = @(),
    [string[]] $Capability = @(),
    [string[]] $Require = @(),
    [ValidateRange(0, 8760)]
    [double] $Hours = 24
)

BeforeDiscovery {
    Import-Module RemoteDispatch -ErrorAction Stop
    $hosts = $HostName ? $HostName : (Get-DispatchHost -Capability $Capability -ErrorAction Stop | Where-Object Transport -NE Local)
    # Asked side by side, before the first test: a host that is down costs the others no time.
    $how = $Require ? @{ Require = $Require } : @{}
    $fleet = @($hosts | Test-DispatchHost @how -ErrorAction Stop | Sort-Object HostName | ForEach-Object { @{ Name = $_.HostName; Health = $_ } })
}

Describe 'The fleet' {
    It 'has hosts to look at' -ForEach @{ Count = $fleet.Count } {
        $Count | Should -BeGreaterThan 0
    }
}

Describe 'Host <Name>' -ForEach $fleet {
    It 'is fit for tasks' {
        $failed = $Health.Checks | Where-Object { $_.Required -and $_.Status -ne 'Pass' }
        $Health.Healthy | Should -BeTrue -Because (($failed | ForEach-Object { "$($_.Detail) -> $($_.Remedy)" }) -join '; ')
    }

    It 'has room on its disk' -Skip:($null -eq $Health.FreeBytes) {
        $Health['disk'].Status | Should -Be 'Pass' -Because "$($Health['disk'].Detail) -> $($Health['disk'].Remedy)"
        $Health['inodes'].Status | Should -Not -Be 'Fail' -Because "$($Health['inodes'].Detail) -> $($Health['inodes'].Remedy)"
    }

    It 'agrees with this machine on the time' -Skip:($null -eq $Health.ClockOffset) {
        $Health['clock'].Status | Should -Be 'Pass' -Because "$($Health['clock'].Detail) -> $($Health['clock'].Remedy)"
    }

    It 'has no task that went wrong in the last <Hours> hours' -Skip:(-not $Health.Healthy) {
        $since = [DateTimeOffset]::Now.AddHours(-$Hours)
        $wrong = Get-RemoteTask -HostName $Name -State Failed, TimedOut, Lost, LaunchFailed -ErrorAction Stop |
            Where-Object { ($_.Finished ?? $_.Started ?? $_.Dispatched) -gt $since }
        ($wrong | ForEach-Object { "$($_.Id) $($_.State) $($_.ExitCode)" }) -join ', ' | Should -BeNullOrEmpty
    }

    It 'has no task that has run for more than a week' -Skip:(-not $Health.Healthy) {
        $old = Get-RemoteTask -HostName $Name -State Running -ErrorAction Stop | Where-Object Started -LT ([DateTimeOffset]::Now.AddDays(-7))
        $old.Id -join ', ' | Should -BeNullOrEmpty
    }
}
