BeforeAll { . "$PSScriptRoot/Setup.ps1" }

Describe 'Remove-DispatchHost' {
    BeforeEach {
        Remove-Item $env:REMOTE_DISPATCH_HOSTS_FILE -ErrorAction Ignore
        'a', 'b', 'c' | ForEach-Object { Add-DispatchHost $_ "$_.example.com" -Capability old }
    }

    It 'takes hosts out of the inventory' {
        Remove-DispatchHost a, b -Force
        (Get-DispatchHost).Name | Should -Be 'local', 'c'
    }

    It 'takes hosts from the pipeline' {
        Get-DispatchHost -Capability old | Remove-DispatchHost -Force
        (Get-DispatchHost).Name | Should -Be 'local'
    }

    It 'takes groups and sets' {
        Remove-DispatchHost '@old!b' -Force
        (Get-DispatchHost).Name | Should -Be 'local', 'b'
        Remove-DispatchHost '*' -Force
        (Get-DispatchHost).Name | Should -Be 'local'
    }

    It 'gives the host that it removed where it is asked to' {
        Remove-DispatchHost a -Force | Should -BeNullOrEmpty
        "$((Remove-DispatchHost b -Force -PassThru).Address)" | Should -Be 'b.example.com'
    }

    It 'tells of a host that is not there, and goes on' {
        Remove-DispatchHost nobody, a -Force -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -Be 'HostNotFound,RemoteDispatch.PowerShell.Hosts.RemoveDispatchHostCommand'
        (Get-DispatchHost).Name | Should -Be 'local', 'b', 'c'
    }

    It 'changes nothing with -WhatIf' {
        Remove-DispatchHost a -WhatIf
        (Get-DispatchHost).Name | Should -Contain 'a'
    }

    It 'changes nothing with -Force beside -WhatIf' {
        Remove-DispatchHost * -Force -WhatIf
        & { $WhatIfPreference = $true; Remove-DispatchHost * -Force }
        (Get-DispatchHost).Name | Should -Be 'local', 'a', 'b', 'c'
    }

    It 'asks first, and removes nothing where nobody can be asked' {
        Complete-Pipeline (Start-Pipeline 'try { Remove-DispatchHost a, b } catch { $_ }') | ForEach-Object FullyQualifiedErrorId | Should -Be 'CannotConfirm,RemoteDispatch.PowerShell.Hosts.RemoveDispatchHostCommand'
        (Get-DispatchHost).Name | Should -Be 'local', 'a', 'b', 'c'
        Remove-DispatchHost a -Confirm:$false
        (Get-DispatchHost).Name | Should -Be 'local', 'b', 'c'
    }

    It 'leaves this machine in the list' {
        { Remove-DispatchHost local -Force -ErrorAction Stop } | Should -Throw -ErrorId 'HostNotFound,*'
        (Get-DispatchHost).Name | Should -Contain 'local'
    }

    It 'leaves the tasks of a host what and where they are' -Tag Local {
        Add-DispatchHost here local
        $task = Invoke-RemoteTask 'echo still there' here -Wait 6>$null
        Remove-DispatchHost here -Force
        Get-RemoteTaskLog $task.Id -Raw | Should -Be 'still there'
    }

    It 'removes an entry that cannot be used by its name, and until then it hides no other' {
        '{"hosts": {"h1": {"address": "h1", "port": "abc"}, "ok": {"address": "h2"}}}' | Set-Content $env:REMOTE_DISPATCH_HOSTS_FILE
        (Get-DispatchHost -ErrorAction SilentlyContinue -ErrorVariable failures).Name | Should -Be 'local', 'ok'
        $failures | Should -HaveCount 1
        $failures[0].TargetObject | Should -Be 'h1'
        "$($failures[0].ErrorDetails.RecommendedAction)" | Should -BeLike '*Remove-DispatchHost h1*'
        Remove-DispatchHost h1 -Force -PassThru | Should -BeNullOrEmpty
        (Get-DispatchHost).Name | Should -Be 'local', 'ok'
    }
}
