# What an import costs: time, and the files that it opens.

BeforeAll {
    . "$PSScriptRoot/Setup.ps1"
    $pwsh = (Get-Process -Id $PID).Path

    function Measure-Pwsh([string] $Script) {
        # By the processors' time: what else goes on here counts for less.
        $said = & $pwsh -NoProfile -NonInteractive -Command "$Script; [System.Environment]::CpuUsage.TotalTime.TotalMilliseconds"
        [double]::Parse($said, [cultureinfo]::InvariantCulture)
    }

    function Get-OpenedFile([string] $Script) {
        # All that a pwsh opens for reading, and all that it opens for writing or makes.
        $log = New-FileName
        $null = strace -f -e 'trace=openat,open,creat,mkdir,mkdirat,execve,connect' -o $log $pwsh -NoProfile -NonInteractive -Command $Script 2>&1
        if ($LASTEXITCODE -ne 0) { return }
        Get-Content $log | Where-Object { $_ -notmatch '= -1 ' } | ForEach-Object { [regex]::Match($_, '(?<=")/[^"]*').Value } | Where-Object { $_ } | Sort-Object -Unique
    }
}

Describe 'Import-Module RemoteDispatch' {
    # 40 ms, by the medians of many runs on a quiet machine; at most 60 were asked for. A shared one gets time, and the best of some.
    It 'adds little to the start of pwsh' {
        $runs = foreach ($n in 1..5) {
            [pscustomobject]@{ Bare = Measure-Pwsh '$null'; With = Measure-Pwsh "Import-Module '$env:RD_PESTER_MODULE'" }
        }
        $added = ($runs.With | Measure-Object -Minimum).Minimum - ($runs.Bare | Measure-Object -Minimum).Minimum
        $added | Should -BeLessThan 250
        $added | Should -BeGreaterThan 0
    }

    It 'opens no file but its own' {
        if (-not (Get-Command strace -CommandType Application -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'strace is not on this machine' }
        # Of the user's, there is something to be opened.
        Add-DispatchHost gpu1 gpu1.example.com -Force
        $null = New-Item "$env:REMOTE_DISPATCH_STATE_DIR/tasks/a~gpu1.json" -Force
        $bare = Get-OpenedFile '1'
        if (-not $bare) { Set-ItResult -Skipped -Because 'strace may not trace here' }
        $opened = Get-OpenedFile "Import-Module '$env:RD_PESTER_MODULE'"
        # What pwsh opens of itself differs a little from run to run; so do the folders above the module, which it lists.
        $others = $opened | Where-Object { $_ -notin $bare -and $_ -notmatch '^/(proc|sys|dev|usr|lib|etc)/|^/tmp/(clr-debug-pipe|dotnet-diagnostic)' -and
            -not $_.StartsWith((Split-Path $pwsh)) -and -not "$env:RD_PESTER_MODULE/".StartsWith("$_/") }
        $mine = @($others).Where({ $_.StartsWith("$env:RD_PESTER_MODULE/") })
        $mine | Split-Path -Leaf | Sort-Object | Should -Be 'RemoteDispatch.Core.dll', 'RemoteDispatch.Format.ps1xml', 'RemoteDispatch.PowerShell.dll', 'RemoteDispatch.psd1'
        $others | Where-Object { $_ -notin $mine } | Should -BeNullOrEmpty
    }


    It 'can be done again, and undone' {
        Invoke-OtherProcess "Import-Module '$env:RD_PESTER_MODULE'; Import-Module '$env:RD_PESTER_MODULE' -Force; (Get-DispatchHost local).Name; Remove-Module RemoteDispatch; @(Get-Module RemoteDispatch).Count" |
            Should -Be 'local', '0'
    }
}
